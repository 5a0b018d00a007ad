import type { SQL } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import { commentCounters, comments, commentVotes } from "../database/comment-tables.ts";
import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { and, eq, isNull, sql } from "../database/drizzle.ts";
import { images } from "../database/image-tables.ts";
import { bookmarks, mentions } from "../database/mention-tables.ts";
import { formerHandles, removals } from "../database/people-tables.ts";
import { everybody, follows, hidden, hiddenReasons, postCounters, posts, profiles, votes } from "../database/schema.ts";
import { keepHandle } from "../users/handle-queries.ts";
import { lockPeople } from "../visibility/relation-queries.ts";

export type Removal = typeof removals.$inferSelect;

/** How many rows one transaction removes; of posts fewer, since each takes its votes and comments with it. */
const batch = 500;
const postBatch = 50;

export async function findRemoval(on: Database | Transaction, id: number): Promise<Removal | undefined> {
  return (await unwrapDriverError(on.select().from(removals).where(eq(removals.profileId, id))))[0];
}

/**
 * Deletes a profile: its texts at once, and what it wrote is hidden at once unless `keepPosts`. The rest is left to `removeSome`. Its handle
 * stays taken for as long as one that was changed. A profile that is deleted already stays as it was deleted.
 */
export async function beginRemoval(db: Database, id: number, keepPosts: boolean): Promise<Removal> {
  const run = db.transaction(async (tx) => {
    await lockPeople(tx, [id]);
    const begun = await findRemoval(tx, id);
    if (begun) return begun;
    const [profile] = await unwrapDriverError(tx.select().from(profiles).where(eq(profiles.id, id)));
    if (profile) await keepHandle(tx, id, profile);
    const emptied = { email: "", handle: null, handleKey: null, displayName: "", bio: "", deletedAt: sql`now()` };
    await unwrapDriverError(tx.update(profiles).set(emptied).where(eq(profiles.id, id)));
    if (!keepPosts) {
      const row = { viewerId: everybody, authorId: id, reason: hiddenReasons.deleted };
      await unwrapDriverError(tx.insert(hidden).values(row).onConflictDoNothing());
    }
    const [made] = await unwrapDriverError(tx.insert(removals).values({ profileId: id, keepPosts }).returning());
    return made!;
  });
  return unwrapDriverError(run);
}

/** Removes at most `batch` rows of a kind; returns how many. */
type Step = (tx: Transaction, removal: Removal) => Promise<number>;

/** The number of rows that a statement returns. */
const changed = async (tx: Transaction, statement: SQL): Promise<number> =>
  (await unwrapDriverError(tx.execute(statement))).length;

/** What is removed, kind by kind. Whoever stores more of what people do adds a step. */
const steps: Step[] = [
  (tx, { profileId, keepPosts }) =>
    changed(
      tx,
      sql`delete from ${posts} where ${posts.id} in (
        select ${posts.id} from ${posts} where ${posts.ownerId} = ${profileId} ${keepPosts ? sql`and not ${posts.published}` : sql``}
        limit ${sql.raw(String(postBatch))}) returning 1`,
    ),
  // The posts are locked first and in order, as a vote locks its post before it counts.
  (tx, { profileId }) =>
    changed(
      tx,
      sql`with locked as materialized (
        select ${posts.id} as post_id from ${posts} where ${posts.id} in (
          select ${votes.postId} from ${votes} where ${votes.userId} = ${profileId} order by 1 limit ${sql.raw(String(batch))})
        order by 1 for no key update
      ), taken as (
        delete from ${votes} using locked where ${votes.userId} = ${profileId} and ${votes.postId} = locked.post_id
        returning ${votes.postId} as post_id
      )
      update ${postCounters} set votes = ${postCounters.votes} - 1 from taken where ${postCounters.postId} = taken.post_id
      returning 1`,
    ),
  (tx, { profileId }) =>
    changed(
      tx,
      sql`with locked as materialized (
        select ${commentCounters.commentId} as comment_id from ${commentCounters} where ${commentCounters.commentId} in (
          select ${commentVotes.commentId} from ${commentVotes} where ${commentVotes.userId} = ${profileId} limit ${sql.raw(String(batch))})
        order by 1 for no key update
      ), taken as (
        delete from ${commentVotes} using locked
        where ${commentVotes.userId} = ${profileId} and ${commentVotes.commentId} = locked.comment_id
        returning ${commentVotes.commentId} as comment_id
      )
      update ${commentCounters} set votes = ${commentCounters.votes} - 1 from taken
      where ${commentCounters.commentId} = taken.comment_id returning 1`,
    ),
  // A comment leaves its row, so that the replies of others stay where they are. Those on one post at a time: its post is locked first, as
  // whoever deletes a comment does.
  async (tx, { profileId, keepPosts }) => {
    if (keepPosts) return 0;
    const own = sql`${comments.authorId} = ${profileId} and ${comments.deletedAt} is null`;
    return changed(
      tx,
      sql`with locked as materialized (
        select ${posts.id} as post_id from ${posts}
        where ${posts.id} = (select ${comments.postId} from ${comments} where ${own} order by ${comments.id} limit 1) for key share
      )
      update ${comments} set content = '', deleted_at = now(), edited_at = null where ${comments.id} in (
        select ${comments.id} from ${comments} where ${own} and ${comments.postId} = (select post_id from locked)
        order by 1 limit ${sql.raw(String(batch))}) returning 1`,
    );
  },
  (tx, { profileId }) => removeRows(tx, bookmarks, sql`${bookmarks.userId} = ${profileId}`),
  // The images of a post go with it.
  (tx, { profileId }) => removeRows(tx, images, sql`${images.ownerId} = ${profileId} and ${images.postId} is null`),
  (tx, { profileId, keepPosts }) =>
    removeRows(
      tx,
      mentions,
      sql`${mentions.userId} = ${profileId} ${keepPosts ? sql`` : sql`or ${mentions.authorId} = ${profileId}`}`,
    ),
  (tx, { profileId }) => removeRows(tx, follows, sql`${follows.followerId} = ${profileId}`),
  (tx, { profileId }) => removeRows(tx, follows, sql`${follows.followeeId} = ${profileId}`),
  (tx, { profileId }) => removeRows(tx, hidden, sql`${hidden.viewerId} = ${profileId}`),
  (tx, { profileId }) =>
    removeRows(
      tx,
      hidden,
      sql`${hidden.authorId} = ${profileId} and ${hidden.viewerId} <> ${sql.raw(String(everybody))}`,
    ),
  (tx, { profileId }) =>
    removeRows(tx, formerHandles, sql`${formerHandles.profileId} = ${profileId} and ${formerHandles.until} <= now()`),
];

function removeRows(tx: Transaction, table: PgTable, of: SQL) {
  return changed(
    tx,
    sql`delete from ${table} where ctid = any(array(select ctid from ${table} where ${of} limit ${sql.raw(String(batch))})) returning 1`,
  );
}

/** For this long a process may still let an account write whose profile was deleted in another one: longer than a request and a cache last. */
const settleSeconds = 90;

/**
 * Takes the next step of a removal that no other process works at, in one transaction. Returns whether more remains to be done now. A task
 * is finished once nothing is left after `settleSeconds`.
 */
export async function removeSome(db: Database): Promise<boolean> {
  const run = db.transaction(async (tx) => {
    const open = tx.select().from(removals).where(isNull(removals.finishedAt));
    const [removal] = await unwrapDriverError(
      open.orderBy(sql`random()`).limit(1).for("no key update", { skipLocked: true }),
    );
    if (!removal) return false;
    const own = eq(removals.profileId, removal.profileId);
    for (const step of steps) {
      const count = await step(tx, removal);
      if (count === 0) continue;
      await unwrapDriverError(
        tx
          .update(removals)
          .set({ removed: sql`${removals.removed} + ${count}` })
          .where(own),
      );
      return true;
    }
    const isSettled = sql`${removals.requestedAt} < now() - make_interval(secs => ${settleSeconds})`;
    await unwrapDriverError(tx.update(removals).set({ finishedAt: sql`now()` }).where(and(own, isSettled)));
    return false;
  });
  return unwrapDriverError(run);
}
