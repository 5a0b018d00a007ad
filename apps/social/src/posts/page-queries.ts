import type { SQL } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { and, desc, sql } from "../database/drizzle.ts";
import { posts } from "../database/schema.ts";
import type { Value } from "../visibility/not-hidden.ts";
import { draftsOf, publishedFor } from "./visible-posts.ts";

/** The position of a post in the list, newest first. The id breaks ties between posts of the same millisecond. */
export interface Position {
  listedAt: Date;
  id: number;
}

/** One range of the posts visible to the viewer: starts after the position `after`, skips `skip` posts, has at most `limit`. */
export interface PageRange {
  viewer: number;
  limit: number;
  skip: number;
  after?: Position | undefined;
}

export type Values<T> = { [K in keyof T]: Value<T[K]> };

type PositionColumns = { id: PgColumn; listedAt: PgColumn };

export const positionColumns = { id: posts.id, listedAt: posts.listedAt };

export function newestFirst(listed: PositionColumns): SQL[] {
  return [desc(listed.listedAt), desc(listed.id)];
}

/** Matches the posts after a position. */
export function olderThan(after: Values<Position> | undefined, listed: PositionColumns = posts): SQL | undefined {
  return after && sql`(${listed.listedAt}, ${listed.id}) < ${positionTuple(after)}`;
}

/** Matches the posts at a position or before it. */
export function atOrNewerThan(until: Position | undefined): SQL | undefined {
  return until && sql`(${posts.listedAt}, ${posts.id}) >= ${positionTuple(until)}`;
}

export function positionTuple({ listedAt, id }: Values<Position>): SQL {
  return sql`(${sql.param(listedAt, posts.listedAt)}, ${sql.param(id, posts.id)})`;
}

/** Matches published posts. The index `posts_published_by_time` has them in order. */
export function publishedAfter(viewer: Value<number>, after: Values<Position> | undefined): SQL | undefined {
  return and(publishedFor(viewer), olderThan(after));
}

/** Matches the viewer's drafts. The index `posts_drafts_by_time` has them in order. */
export function draftsAfter(viewer: Value<number>, after: Values<Position> | undefined): SQL | undefined {
  return and(draftsOf(viewer), olderThan(after));
}
