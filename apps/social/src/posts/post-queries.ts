import type { SQL } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { and, eq, or, sql } from "../database/drizzle.ts";
import { posts, profiles } from "../database/schema.ts";
import type { Profile } from "../users/profile-queries.ts";

/** The part of a post that its author writes. */
export interface PostText {
  title: string;
  content: string;
  published: boolean;
}

export type Post = typeof posts.$inferSelect;

/** A post with its number of votes and its owner's profile. */
export interface PostWithOwner {
  post: Post;
  owner: Profile;
}

/** The columns of a `PostWithOwner`. */
export const postColumns = { post: posts, owner: profiles };

/** Matches posts that the viewer may see: published ones and the viewer's own drafts. */
export function visibleTo(
  viewer: number | ReturnType<typeof sql.placeholder>,
  listed: { published: PgColumn; ownerId: PgColumn } = posts,
): SQL | undefined {
  return or(sql`${listed.published}`, eq(listed.ownerId, viewer));
}

/** Inserts a post. */
export async function insertPost(on: Database | Transaction, ownerId: number, text: PostText): Promise<Post> {
  const added = on.insert(posts).values({ ...text, ownerId });
  const rows = await unwrapDriverError(added.returning());
  return rows[0]!;
}

/** Queries for single posts. Every query that changes one is restricted to posts of the given owner. */
export function postQueries(db: Database) {
  const one = db
    .select(postColumns)
    .from(posts)
    .innerJoin(profiles, eq(profiles.id, posts.ownerId))
    .where(and(eq(posts.id, sql.placeholder("id")), visibleTo(sql.placeholder("viewer"))))
    .prepare("social_post");
  return {
    /** The post, or `undefined` when it does not exist or the viewer may not see it. */
    async findVisible(id: number, viewer: number): Promise<PostWithOwner | undefined> {
      const rows = await unwrapDriverError(one.execute({ id, viewer }));
      return rows[0];
    },
    /** The id of the post's owner, or `undefined` when it does not exist or the viewer may not see it. */
    async findOwner(id: number, viewer: number): Promise<number | undefined> {
      const found = db.select({ ownerId: posts.ownerId }).from(posts);
      const rows = await unwrapDriverError(found.where(and(eq(posts.id, id), visibleTo(viewer))));
      return rows[0]?.ownerId;
    },
    /** Replaces the text of a post. Returns the post, or `undefined` when the owner has no such post. */
    async replace(id: number, ownerId: number, text: PostText): Promise<Post | undefined> {
      const changed = db.update(posts).set(text);
      const rows = await unwrapDriverError(
        changed.where(and(eq(posts.id, id), eq(posts.ownerId, ownerId))).returning(),
      );
      return rows[0];
    },
    /** Deletes a post and its votes. Returns whether the owner had such a post. */
    async delete(id: number, ownerId: number): Promise<boolean> {
      const removed = db.delete(posts).where(and(eq(posts.id, id), eq(posts.ownerId, ownerId)));
      const rows = await unwrapDriverError(removed.returning({ id: posts.id }));
      return rows.length > 0;
    },
  };
}
