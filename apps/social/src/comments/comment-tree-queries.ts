import type { SQL } from "drizzle-orm";
import { commentCounters, comments } from "../database/comment-tables.ts";
import { type Database, unwrapDriverError } from "../database/database.ts";
import { eq, sql } from "../database/drizzle.ts";
import { profiles } from "../database/schema.ts";
import { type CommentView, commentColumns } from "./comment-views.ts";

export const commentSorts = ["top", "new", "old"] as const;
export type CommentSort = (typeof commentSorts)[number];

/** The position of a comment among those with its parent. `votes` counts with `top` only. */
export interface CommentPosition {
  votes: number;
  id: number;
}

/** A part of a tree: at most `limit` replies to a comment, each with at most `replies` of its replies, and so on, `depth` levels down. */
export interface TreeRange {
  postId: number;
  /** 0 for the comments on the post itself. */
  parentId: number;
  sort: CommentSort;
  after: CommentPosition | undefined;
  limit: number;
  replies: number;
  depth: number;
}

/** A comment with its place in the tree. */
export interface CommentRow extends CommentView {
  /** All replies, also those that are deleted. */
  children: number;
}

/** The max number of comments that one read has. */
const maxRows = 1000;

const k = (name: string) => sql`k.${sql.identifier(name)}`;
const [commentId, votes] = [k("comment_id"), k("votes")];

const orders: Record<CommentSort, { by: SQL; after: (position: CommentPosition) => SQL }> = {
  top: {
    by: sql`${votes} desc, ${commentId} desc`,
    after: (last) => sql`(${votes}, ${commentId}) < (${last.votes}::int, ${last.id}::bigint)`,
  },
  new: { by: sql`${commentId} desc`, after: (last) => sql`${commentId} < ${last.id}::bigint` },
  old: { by: sql`${commentId}`, after: (last) => sql`${commentId} > ${last.id}::bigint` },
};

/**
 * The comments of a part of a tree, in no particular order. One statement, which walks down level by level, for each comment along an
 * index of `comment_counters`; nothing else of a thread is read, however long it is.
 */
export function treeStatement(db: Database, viewer: number, range: TreeRange) {
  const { by, after } = orders[range.sort];
  const level = (parent: SQL, limit: number, condition = sql`true`) => sql`
    select ${commentId}, ${k("parent_id")} from ${commentCounters} k
    where k.post_id = ${range.postId}::bigint and k.parent_id = ${parent} and ${condition} order by ${by} limit ${limit}::int`;
  const first = level(sql`${range.parentId}::bigint`, range.limit, range.after && after(range.after));
  const found = sql`(
    with recursive tree(comment_id, level) as (
      select top.comment_id, 0 from (${first}) top
      union all
      select reply.comment_id, tree.level + 1 from tree
      cross join lateral (${level(sql`tree.comment_id`, range.replies)}) reply
      where tree.level < ${range.depth}::int
    )
    select comment_id from tree limit ${sql.raw(String(maxRows))}
  ) found`;
  return db
    .select({ ...commentColumns(viewer), children: commentCounters.children })
    .from(found)
    .innerJoin(comments, eq(comments.id, sql`found.comment_id`))
    .innerJoin(commentCounters, eq(commentCounters.commentId, comments.id))
    .innerJoin(profiles, eq(profiles.id, comments.authorId));
}

export async function readTree(db: Database, viewer: number, range: TreeRange): Promise<CommentRow[]> {
  return unwrapDriverError(treeStatement(db, viewer, range));
}

/** Compares two comments of one parent by an order. */
export function compareComments(sort: CommentSort): (a: CommentRow, b: CommentRow) => number {
  const byId = (a: CommentRow, b: CommentRow) => a.comment.id - b.comment.id;
  if (sort === "old") return byId;
  return (a, b) => (sort === "top" ? b.votes - a.votes : 0) || byId(b, a);
}
