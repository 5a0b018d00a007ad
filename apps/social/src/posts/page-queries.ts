import type { SQL, Subquery } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import type { Database } from "../database/database.ts";
import { and, desc, eq, sql } from "../database/drizzle.ts";
import { posts, profiles } from "../database/schema.ts";
import { postColumns } from "./post-queries.ts";

/** The position of a post in the list, newest first. The id breaks ties between posts of the same millisecond. */
export interface Position {
  createdAt: Date;
  id: number;
}

/** One range of the posts visible to the viewer: starts after the position `after`, skips `skip` posts, has at most `limit`. */
export interface PageRange {
  viewer: number;
  limit: number;
  skip: number;
  after?: Position | undefined;
}

/** A value, or the placeholder of a prepared statement for one. */
export type Value<T> = T | ReturnType<typeof sql.placeholder>;
export type Values<T> = { [K in keyof T]: Value<T[K]> };

type PositionColumns = { id: PgColumn; createdAt: PgColumn };
/** The ids of one page, as a subquery. */
type PageIds = Subquery<"page", PositionColumns> & PositionColumns;

export const positionColumns = { id: posts.id, createdAt: posts.createdAt };

export function newestFirst(listed: PositionColumns): SQL[] {
  return [desc(listed.createdAt), desc(listed.id)];
}

/** Matches the posts after a position. */
export function olderThan(after: Values<Position> | undefined, listed: PositionColumns = posts): SQL | undefined {
  return after && sql`(${listed.createdAt}, ${listed.id}) < ${positionTuple(after)}`;
}

/** Matches the posts at a position or before it. */
export function atOrNewerThan(until: Position | undefined): SQL | undefined {
  return until && sql`(${posts.createdAt}, ${posts.id}) >= ${positionTuple(until)}`;
}

function positionTuple({ createdAt, id }: Values<Position>): SQL {
  return sql`(${sql.param(createdAt, posts.createdAt)}, ${sql.param(id, posts.id)})`;
}

/** Matches published posts, which everybody may see. The index `posts_published_by_time` has them in order. */
export function publishedPosts(after: Values<Position> | undefined): SQL | undefined {
  return and(sql`${posts.published}`, olderThan(after));
}

/** Matches the viewer's drafts, which nobody else may see. The index `posts_drafts_by_time` has them in order. */
export function draftsOf(viewer: Value<number>, after: Values<Position> | undefined): SQL | undefined {
  return and(sql`not ${posts.published}`, eq(posts.ownerId, viewer), olderThan(after));
}

/** The posts of a page with their owners, newest first. */
export function postsOnPage(db: Database, page: PageIds) {
  return db
    .select(postColumns)
    .from(page)
    .innerJoin(posts, eq(posts.id, page.id))
    .innerJoin(profiles, eq(profiles.id, posts.ownerId))
    .orderBy(...newestFirst(page));
}
