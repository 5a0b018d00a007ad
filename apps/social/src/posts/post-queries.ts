import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { and, eq, isNull, sql } from "../database/drizzle.ts";
import { posts } from "../database/schema.ts";
import { visibleTo } from "./visible-posts.ts";

/** The part of a post that its author writes. */
export interface PostText {
  title: string;
  content: string;
  published: boolean;
}

/** Inserts a post and returns its id. */
export async function insertPost(on: Database | Transaction, ownerId: number, text: PostText): Promise<number> {
  const publishedAt = text.published ? sql`now()` : null;
  const added = on.insert(posts).values({ ...text, ownerId, publishedAt });
  const rows = await unwrapDriverError(added.returning({ id: posts.id }));
  return rows[0]!.id;
}

/** Queries for single posts. Every query that changes one is restricted to posts of the given owner that staff did not remove. */
export function postQueries(db: Database | Transaction) {
  const ownPost = (id: number, ownerId: number) =>
    and(eq(posts.id, id), eq(posts.ownerId, ownerId), isNull(posts.removedAt));
  return {
    /** The id of the post's owner, or `undefined` when it does not exist or the viewer may not see it. */
    async findOwner(id: number, viewer: number): Promise<number | undefined> {
      const found = db.select({ ownerId: posts.ownerId }).from(posts);
      const rows = await unwrapDriverError(found.where(and(eq(posts.id, id), visibleTo(viewer))));
      return rows[0]?.ownerId;
    },
    /** Replaces the text of a post. Returns whether the owner has such a post. */
    async replace(id: number, ownerId: number, text: PostText): Promise<boolean> {
      const isOtherText = sql`(${posts.title}, ${posts.content}) is distinct from (${text.title}, ${text.content})`;
      const changed = db.update(posts).set({
        ...text,
        publishedAt: text.published ? sql`coalesce(${posts.publishedAt}, now())` : posts.publishedAt,
        editedAt: sql`case when ${posts.publishedAt} is not null and ${isOtherText} then now() else ${posts.editedAt} end`,
        version: sql`${posts.version} + 1`,
      });
      const rows = await unwrapDriverError(changed.where(ownPost(id, ownerId)).returning({ id: posts.id }));
      return rows.length > 0;
    },
    /** Deletes a post and its votes. Returns whether the owner had such a post. */
    async delete(id: number, ownerId: number): Promise<boolean> {
      const removed = db.delete(posts).where(ownPost(id, ownerId));
      const rows = await unwrapDriverError(removed.returning({ id: posts.id }));
      return rows.length > 0;
    },
  };
}
