import type { SQL, Subquery } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { and, desc, eq, or, sql } from "../database/drizzle.ts";
import { follows, hidden, hiddenReasons, profiles } from "../database/schema.ts";
import { notHidden, profileVisibleTo } from "./not-hidden.ts";

type On = Database | Transaction;

/** The latest rows of a person's own lists, newest first. */
export interface RelationPosition {
  at: Date;
  id: number;
}

/** One row of a list that was examined: visible ones are on the page, and the cursor may stand at any. */
export interface Examined extends RelationPosition {
  isVisible: boolean;
}

/**
 * Locks people in the order of their ids, so that two transactions cannot deadlock. Whoever changes a relation locks himself; a block locks
 * both, and so excludes a follow between them. Posts and votes of the same people do not wait: their foreign keys take a weaker lock.
 */
export async function lockPeople(tx: Transaction, ids: number[]): Promise<void> {
  const rows = tx.select({ id: profiles.id }).from(profiles);
  const wanted = rows.where(sql`${profiles.id} = any(${`{${ids.join(",")}}`}::bigint[])`);
  await unwrapDriverError(wanted.orderBy(profiles.id).for("no key update"));
}

/** What a change of a relation depends on. */
export interface Target {
  /** Whether the viewer may open the profile. */
  isVisible: boolean;
  isBlocked: boolean;
}

/** How the viewer stands to a profile that is not deleted; `undefined` where there is none. */
export async function findTarget(on: On, viewer: number, id: number): Promise<Target | undefined> {
  const found = on
    .select({
      isVisible: sql<boolean>`${profileVisibleTo(viewer)}`,
      isBlocked: sql<boolean>`exists (select from ${hidden} where ${ownRow(viewer, id, hiddenReasons.blocked)})`,
    })
    .from(profiles);
  const [target] = await unwrapDriverError(found.where(and(eq(profiles.id, id), sql`${profiles.deletedAt} is null`)));
  return target;
}

function ownRow(viewerId: number, authorId: number, reason: number): SQL | undefined {
  return and(eq(hidden.viewerId, viewerId), eq(hidden.authorId, authorId), eq(hidden.reason, reason));
}

function followOf(followerId: number, followeeId: number): SQL | undefined {
  return and(eq(follows.followerId, followerId), eq(follows.followeeId, followeeId));
}

/** Changes of relations. Each is within a transaction that has locked the people whom it concerns. */
export function relationQueries(tx: Transaction) {
  const hide = (...rows: (typeof hidden.$inferInsert)[]) =>
    unwrapDriverError(tx.insert(hidden).values(rows).onConflictDoNothing().returning({ authorId: hidden.authorId }));
  return {
    /** Whether the follow is new. */
    async follow(followerId: number, followeeId: number): Promise<boolean> {
      const added = tx.insert(follows).values({ followerId, followeeId }).onConflictDoNothing();
      return (await unwrapDriverError(added.returning({ id: follows.followeeId }))).length > 0;
    },
    async unfollow(followerId: number, followeeId: number): Promise<void> {
      await unwrapDriverError(tx.delete(follows).where(followOf(followerId, followeeId)));
    },
    /** Adds both rows of a block and removes the follows between the two. */
    async block(viewerId: number, authorId: number): Promise<void> {
      await hide(
        { viewerId, authorId, reason: hiddenReasons.blocked },
        { viewerId: authorId, authorId: viewerId, reason: hiddenReasons.blockedBy },
      );
      const between = or(followOf(viewerId, authorId), followOf(authorId, viewerId));
      await unwrapDriverError(tx.delete(follows).where(between));
    },
    async unblock(viewerId: number, authorId: number): Promise<void> {
      const both = or(
        ownRow(viewerId, authorId, hiddenReasons.blocked),
        ownRow(authorId, viewerId, hiddenReasons.blockedBy),
      );
      await unwrapDriverError(tx.delete(hidden).where(both));
    },
    async mute(viewerId: number, authorId: number): Promise<void> {
      await hide({ viewerId, authorId, reason: hiddenReasons.muted });
    },
    async unmute(viewerId: number, authorId: number): Promise<void> {
      await unwrapDriverError(tx.delete(hidden).where(ownRow(viewerId, authorId, hiddenReasons.muted)));
    },
    /** How many people an account follows, other than `butId`; counts no further than `limit`. */
    async countFollows(followerId: number, butId: number, limit: number): Promise<number> {
      const rows = tx.select({ id: follows.followeeId }).from(follows);
      const others = and(eq(follows.followerId, followerId), sql`${follows.followeeId} <> ${butId}`);
      return countRows(tx, rows.where(others).limit(limit).as("followed"));
    },
    /** How many people an account blocks or mutes, other than `butId`; counts no further than `limit`. */
    async countHidden(viewerId: number, reason: number, butId: number, limit: number): Promise<number> {
      const rows = tx.select({ id: hidden.authorId }).from(hidden);
      const own = and(eq(hidden.viewerId, viewerId), eq(hidden.reason, reason), sql`${hidden.authorId} <> ${butId}`);
      return countRows(tx, rows.where(own).limit(limit).as("hidden_people"));
    },
  };
}

async function countRows(tx: Transaction, rows: Subquery): Promise<number> {
  const counted = tx.select({ count: sql<number>`count(*)::int` }).from(rows);
  return (await unwrapDriverError(counted))[0]!.count;
}

/** The list of a person's relations: whose rows, and what the viewer sees of them. */
export interface RelationRange {
  /** Whose list it is. */
  of: number;
  viewer: number;
  after: RelationPosition | undefined;
  /** How many rows to examine. */
  limit: number;
}

type RelationColumns = {
  own: PgColumn;
  other: PgColumn;
  createdAt: typeof follows.createdAt | typeof hidden.createdAt;
};

/** Reads the next rows of a list in the order of an index, newest first. */
export function relationListQueries(db: Database) {
  const read = async (
    table: PgTable,
    { own, other, createdAt }: RelationColumns,
    { of, after, limit }: RelationRange,
    rules: { isVisible: SQL; where?: SQL },
  ): Promise<Examined[]> => {
    const isAfter = after && sql`(${createdAt}, ${other}) < (${sql.param(after.at, createdAt)}, ${after.id}::bigint)`;
    const rows = db
      .select({
        id: sql<number>`${other}`.mapWith(Number),
        at: sql<Date>`${createdAt}`.mapWith(createdAt),
        isVisible: sql<boolean>`${rules.isVisible}`,
      })
      .from(table)
      .where(and(eq(own, of), rules.where, isAfter));
    return unwrapDriverError(rows.orderBy(desc(createdAt), desc(other)).limit(limit));
  };
  const { followerId, followeeId } = follows;
  const followed = { own: followerId, other: followeeId, createdAt: follows.createdAt };
  const following = { own: followeeId, other: followerId, createdAt: follows.createdAt };
  const hiding = { own: hidden.viewerId, other: hidden.authorId, createdAt: hidden.createdAt };
  const chosen = (range: RelationRange, reason: number) =>
    read(hidden, hiding, range, { isVisible: sql`true`, where: eq(hidden.reason, reason) });
  return {
    following: (range: RelationRange) =>
      read(follows, followed, range, { isVisible: notHidden(range.viewer, followeeId) }),
    followers: (range: RelationRange) =>
      read(follows, following, range, { isVisible: notHidden(range.viewer, followerId) }),
    blocks: (range: RelationRange) => chosen(range, hiddenReasons.blocked),
    mutes: (range: RelationRange) => chosen(range, hiddenReasons.muted),
  };
}
