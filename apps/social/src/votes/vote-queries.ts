import type { SQL } from "drizzle-orm";
import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { and, eq, exists, or, sql } from "../database/drizzle.ts";
import { postCounters, posts, votes } from "../database/schema.ts";
import { visibleTo } from "../posts/visible-posts.ts";

/** The result of a vote: the post's number of votes afterwards, or why nothing changed. */
export type VoteOutcome = { votes: number } | "unknown post" | "no change";

/**
 * Casts and removes votes. Each is one statement, hence one transaction: it locks the post, inserts or deletes the vote's row, and
 * updates the counter only when there was a row to insert or delete. Both, and the deletion of a post, lock the post first, so that
 * they cannot deadlock. A voter may remove a vote from a post that has since become a draft, and sees nothing else of it.
 */
export function voteQueries(db: Database | Transaction) {
  const postId = sql.placeholder("postId");
  const userId = sql.placeholder("userId");
  const lockPost = (condition: SQL | undefined) =>
    db.$with("known").as(
      db
        .select({ postId: posts.id })
        .from(posts)
        .where(and(eq(posts.id, postId), condition))
        .for("no key update"),
    );

  const known = lockPost(visibleTo(userId));

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
      .update(postCounters)
      .set({ votes: sql`${postCounters.votes} + 1` })
      .from(added)
      .where(eq(postCounters.postId, added.postId))
      .returning({ votes: postCounters.votes }),
  );
  const cast = db
    .with(known, added, countedUp)
    .select({ votes: countedUp.votes })
    .from(known)
    .leftJoin(countedUp, sql`true`)
    .prepare("social_cast_vote");

  const ownVote = and(eq(votes.postId, posts.id), eq(votes.userId, userId));
  const voted = lockPost(or(visibleTo(userId), exists(db.select({ postId: votes.postId }).from(votes).where(ownVote))));
  const removed = db.$with("removed").as(
    db
      .delete(votes)
      .where(and(sql`${votes.postId} = (select ${voted.postId} from ${voted})`, eq(votes.userId, userId)))
      .returning({ postId: votes.postId }),
  );
  const countedDown = db.$with("counted").as(
    db
      .update(postCounters)
      .set({ votes: sql`${postCounters.votes} - 1` })
      .from(removed)
      .where(eq(postCounters.postId, removed.postId))
      .returning({ votes: postCounters.votes }),
  );
  const remove = db
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
    /** Adds the account's vote; its profile must exist. "no change" when the account has already voted. */
    cast: async (post: number, voter: number) =>
      outcome(await unwrapDriverError(cast.execute({ postId: post, userId: voter }))),
    /** Removes the account's vote. "no change" when there is none. */
    takeBack: async (post: number, voter: number) =>
      outcome(await unwrapDriverError(remove.execute({ postId: post, userId: voter }))),
  };
}
