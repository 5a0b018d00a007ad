import { commentCounters, comments, commentVotes, maxCommentDepth } from "../database/comment-tables.ts";
import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { and, eq, isNull, sql } from "../database/drizzle.ts";
import { mentions } from "../database/mention-tables.ts";
import { posts } from "../database/schema.ts";
import { handlesIn } from "../mentions/handles-in.ts";
import { writeMentions } from "../mentions/mention-queries.ts";
import { visibleTo } from "../posts/visible-posts.ts";
import { commentSeen } from "./comment-views.ts";

/** A comment to insert. */
export interface NewComment {
  postId: number;
  parentId: number | undefined;
  content: string;
}

/** The id of the new comment, or why there is none. */
export type InsertOutcome = { id: number } | "unknown post" | "unknown parent" | "too deep";

/**
 * Inserts a comment on a post that its author sees, as a reply to a comment that its author sees, with its mentions. The statement keeps
 * the post from being deleted meanwhile; triggers count. To be run in a transaction.
 */
export async function insertComment(
  on: Transaction,
  authorId: number,
  { postId, parentId, content }: NewComment,
): Promise<InsertOutcome> {
  const parent = parentId ?? null;
  const inserted = on.execute<{ id: string | null; is_known: boolean }>(sql`
    with known as (
      select ${posts.id} as post_id, parent.id as parent_id, parent.depth + 1 as depth from ${posts}
      left join (
        select ${comments.id}, ${comments.postId}, ${comments.depth} from ${comments}
        where ${comments.id} = ${parent}::bigint and ${commentSeen(authorId)}
      ) parent on parent.post_id = ${posts.id}
      where ${posts.id} = ${postId} and ${visibleTo(authorId)} for key share of posts
    ), added as (
      insert into ${comments} (post_id, parent_id, depth, author_id, content)
      select post_id, parent_id, coalesce(depth, 0), ${authorId}, ${content} from known
      where (${parent}::bigint is null or parent_id is not null) and coalesce(depth, 0) <= ${maxCommentDepth}
      returning id
    )
    select added.id, known.parent_id is not null as is_known from known left join added on true`);
  const [row] = await unwrapDriverError(inserted);
  if (!row) return "unknown post";
  if (row.id !== null) {
    const id = Number(row.id);
    const handles = handlesIn(content);
    if (handles.length > 0) await writeMentions(on, { postId, commentId: id, authorId }, handles);
    return { id };
  }
  return row.is_known ? "too deep" : "unknown parent";
}

/** Queries that change a comment of its author. */
export function commentQueries(db: Database) {
  const own = (id: number, authorId: number) =>
    and(eq(comments.id, id), eq(comments.authorId, authorId), isNull(comments.deletedAt));
  return {
    /** Replaces the text of a comment that its author sees, with its mentions. Returns whether there is one. */
    async change(id: number, authorId: number, content: string): Promise<boolean> {
      const post = sql`exists (select from ${posts} where ${posts.id} = ${comments.postId} and ${visibleTo(authorId)})`;
      const editedAt = sql`case when ${comments.content} <> ${content} then now() else ${comments.editedAt} end`;
      const changed = (tx: Transaction) => tx.update(comments).set({ content, editedAt });
      const where = and(own(id, authorId), isNull(comments.removedAt), post);
      const written = db.transaction(async (tx) => {
        const [found] = await changed(tx).where(where).returning({ postId: comments.postId });
        if (found) await writeMentions(tx, { ...found, commentId: id, authorId }, handlesIn(content));
        return found !== undefined;
      });
      return unwrapDriverError(written);
    },
    /**
     * Deletes a comment: its row stays, without its text and mentions. Returns whether there was one. The post is locked first, as its deletion does, so
     * that the two cannot deadlock over the counters.
     */
    async delete(id: number, authorId: number): Promise<boolean> {
      const deleted = db.execute(sql`
        with post as (
          select ${posts.id} from ${posts}
          where ${posts.id} = (select ${comments.postId} from ${comments} where ${comments.id} = ${id}) for key share
        ), deleted as (
          update ${comments} set deleted_at = now(), content = '', edited_at = null from post
          where ${comments.postId} = post.id and ${own(id, authorId)} returning ${comments.id}
        ), unmentioned as (delete from ${mentions} using deleted where ${mentions.commentId} = deleted.id)
        select id from deleted`);
      return (await unwrapDriverError(deleted)).length > 0;
    },
    /** Adds the account's vote, whose profile must exist. Returns whether the account sees such a comment. */
    async vote(id: number, userId: number): Promise<boolean> {
      const voted = db.execute(sql`
        with known as (
          select ${comments.id} from ${comments} join ${posts} on ${posts.id} = ${comments.postId}
          where ${comments.id} = ${id} and ${commentSeen(userId)} and ${visibleTo(userId)} for key share of comments
        ), added as (
          insert into ${commentVotes} (comment_id, user_id) select id, ${userId} from known
          on conflict do nothing returning comment_id
        ), counted as (
          update ${commentCounters} set votes = votes + 1 from added where ${commentCounters.commentId} = added.comment_id
        )
        select id from known`);
      return (await unwrapDriverError(voted)).length > 0;
    },
    /** Removes the account's vote. Returns whether there was one. */
    async takeBackVote(id: number, userId: number): Promise<boolean> {
      const removed = db.execute(sql`
        with removed as (
          delete from ${commentVotes} where ${commentVotes.commentId} = ${id} and ${commentVotes.userId} = ${userId}
          returning comment_id
        ), counted as (
          update ${commentCounters} set votes = votes - 1 from removed where ${commentCounters.commentId} = removed.comment_id
        )
        select comment_id from removed`);
      return (await unwrapDriverError(removed)).length > 0;
    },
  };
}
