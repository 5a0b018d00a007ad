import type { SQL, Subquery } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import type { Database } from "./database.ts";
import { and, desc, eq, sql } from "./drizzle.ts";
import { shownPost } from "./post-queries.ts";
import { posts, profiles } from "./schema.ts";

/** Where a post stands among all, newest first; the id decides between posts of one millisecond. */
export interface Position {
  createdAt: Date;
  id: number;
}

/** One stretch of the posts that the viewer sees: `limit` of them after `skip` of them after the position. */
export interface Stretch {
  viewer: number;
  limit: number;
  skip: number;
  after?: Position | undefined;
}

/** A value that is known now, or by its name when a prepared statement runs. */
export type Value<T> = T | ReturnType<typeof sql.placeholder>;
export type Values<T> = { [K in keyof T]: Value<T[K]> };

type PositionColumns = { id: PgColumn; createdAt: PgColumn };
/** The ids of one page, as a subquery. */
type PageOfIds = Subquery<"page", PositionColumns> & PositionColumns;

export const position = { id: posts.id, createdAt: posts.createdAt };

export function newestFirst(listed: PositionColumns): SQL[] {
  return [desc(listed.createdAt), desc(listed.id)];
}

/** The posts that come after a position. */
export function olderThan(after: Values<Position> | undefined, listed: PositionColumns = posts): SQL | undefined {
  return after && sql`(${listed.createdAt}, ${listed.id}) < ${placeOf(after)}`;
}

/** The posts that stand at a position or before it. */
export function notOlderThan(until: Position | undefined): SQL | undefined {
  return until && sql`(${posts.createdAt}, ${posts.id}) >= ${placeOf(until)}`;
}

function placeOf({ createdAt, id }: Values<Position>): SQL {
  return sql`(${sql.param(createdAt, posts.createdAt)}, ${sql.param(id, posts.id)})`;
}

/** The one half of what everybody sees; `posts_published_by_time` has it in order. */
export function publishedPosts(after: Values<Position> | undefined): SQL | undefined {
  return and(sql`${posts.published}`, olderThan(after));
}

/** The other half, which the viewer alone sees; `posts_drafts_by_time` has it in order. */
export function draftsOf(viewer: Value<number>, after: Values<Position> | undefined): SQL | undefined {
  return and(sql`not ${posts.published}`, eq(posts.ownerId, viewer), olderThan(after));
}

/** The posts of a page with their owners, in its order. */
export function postsOf(db: Database, page: PageOfIds) {
  return db
    .select(shownPost)
    .from(page)
    .innerJoin(posts, eq(posts.id, page.id))
    .innerJoin(profiles, eq(profiles.id, posts.ownerId))
    .orderBy(...newestFirst(page));
}
