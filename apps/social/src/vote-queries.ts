import type { SQL } from "drizzle-orm";
import { answerOf, type Database, type Transaction } from "./database.ts";
import { and, eq, exists, or, sql } from "./drizzle.ts";
import { visibleTo } from "./post-queries.ts";
import { posts, votes } from "./schema.ts";

/** What became of a vote: the post's votes afterwards, or why nothing changed. */
export type VoteOutcome = { votes: number } | "unknown post" | "no change";

/**
 * Casting and taking back votes, each in one statement and so in one transaction: it locks the post, adds or removes the vote's row, and
 * counts only when there was a row to add or remove. The lock comes first in both and in a post's deletion, so
 * that none waits for another in a circle. Who has voted for a post that became a draft may take that back, and learns nothing else of it.
 */
export function voteQueries(db: Database | Transaction) {
  const postId = sql.placeholder("postId");
  const userId = sql.placeholder("userId");
  const locked = (condition: SQL | undefined) =>
    db.$with("known").as(
      db
        .select({ postId: posts.id })
        .from(posts)
        .where(and(eq(posts.id, postId), condition))
        .for("no key update"),
    );

  const known = locked(visibleTo(userId));

  const added = db.$with("added").as(
    db
      .insert(votes)
      .select((query) =>
        query.select({ postId: known.postId, userId: sql<number>`${userId}::bigint`.as("user_id") }).from(known),
      )
      .onConflictDoNothing()
      .returning({ postId: votes.postId }),
  );
  const countedUp = db.$with("counted").as(
    db
      .update(posts)
      .set({ votes: sql`${posts.votes} + 1` })
      .from(added)
      .where(eq(posts.id, added.postId))
      .returning({ votes: posts.votes }),
  );
  const cast = db
    .with(known, added, countedUp)
    .select({ votes: countedUp.votes })
    .from(known)
    .leftJoin(countedUp, sql`true`)
    .prepare("social_cast_vote");

  const ownVote = and(eq(votes.postId, posts.id), eq(votes.userId, userId));
  const voted = locked(or(visibleTo(userId), exists(db.select({ postId: votes.postId }).from(votes).where(ownVote))));
  const removed = db.$with("removed").as(
    db
      .delete(votes)
      .where(and(sql`${votes.postId} = (select ${voted.postId} from ${voted})`, eq(votes.userId, userId)))
      .returning({ postId: votes.postId }),
  );
  const countedDown = db.$with("counted").as(
    db
      .update(posts)
      .set({ votes: sql`${posts.votes} - 1` })
      .from(removed)
      .where(eq(posts.id, removed.postId))
      .returning({ votes: posts.votes }),
  );
  const takeBack = db
    .with(voted, removed, countedDown)
    .select({ votes: countedDown.votes })
    .from(voted)
    .leftJoin(countedDown, sql`true`)
    .prepare("social_take_back_vote");

  const outcome = (rows: { votes: number | null }[]): VoteOutcome => {
    const row = rows[0];
    if (!row) return "unknown post";
    return row.votes === null ? "no change" : { votes: row.votes };
  };
  return {
    /** Adds the account's vote; its profile must be there. "no change" when it has voted already. */
    cast: async (post: number, voter: number) => outcome(await answerOf(cast.execute({ postId: post, userId: voter }))),
    /** Removes the account's vote; "no change" when there is none. */
    takeBack: async (post: number, voter: number) =>
      outcome(await answerOf(takeBack.execute({ postId: post, userId: voter }))),
  };
}
