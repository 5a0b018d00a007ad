import type { SQL } from "drizzle-orm";
import { commentCounters, comments, commentVotes } from "../database/comment-tables.ts";
import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { and, eq, sql } from "../database/drizzle.ts";
import { posts, profiles } from "../database/schema.ts";
import { visibleTo } from "../posts/visible-posts.ts";
import { notHidden, type Value } from "../visibility/not-hidden.ts";

/** A comment as its viewer sees it. */
export interface CommentView {
  comment: typeof comments.$inferSelect;
  author: typeof profiles.$inferSelect;
  votes: number;
  /** Replies that are neither deleted nor removed. */
  replies: number;
  voted: boolean;
  /** False for a comment of which the viewer sees nothing but that it is there: deleted, removed, or by a hidden author. */
  isSeen: boolean;
}

/** Matches comments that are neither deleted nor removed, and whose author is not hidden from the viewer. */
export function commentSeen(viewer: Value<number>): SQL {
  return sql`(${comments.deletedAt} is null and ${comments.removedAt} is null and ${notHidden(viewer, comments.authorId)})`;
}

/** The columns of a `CommentView`, from `comments`, `profiles` and `comment_counters`. */
export function commentColumns(viewer: Value<number>) {
  const ownVote = and(eq(commentVotes.commentId, comments.id), sql`${commentVotes.userId} = ${viewer}::bigint`);
  return {
    comment: comments,
    author: profiles,
    votes: commentCounters.votes,
    replies: commentCounters.replies,
    voted: sql<boolean>`exists (select from ${commentVotes} where ${ownVote})`,
    isSeen: sql<boolean>`${commentSeen(viewer)}`,
  };
}

/** Loads one comment that the viewer sees, on a post that the viewer sees. */
export function commentLoader(db: Database | Transaction) {
  const viewer = sql.placeholder("viewer");
  const load = db
    .select(commentColumns(viewer))
    .from(comments)
    .innerJoin(posts, eq(posts.id, comments.postId))
    .innerJoin(profiles, eq(profiles.id, comments.authorId))
    .innerJoin(commentCounters, eq(commentCounters.commentId, comments.id))
    .where(and(eq(comments.id, sql.placeholder("id")), commentSeen(viewer), visibleTo(viewer)))
    .prepare("social_comment_by_id");
  return async (id: number, viewerId: number): Promise<CommentView | undefined> =>
    (await unwrapDriverError(load.execute({ id, viewer: viewerId })))[0];
}
