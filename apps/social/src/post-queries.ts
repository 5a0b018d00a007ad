import type { SQL } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { answerOf, type Database, type Transaction } from "./database.ts";
import { and, eq, or, sql } from "./drizzle.ts";
import type { Profile } from "./profile-queries.ts";
import { posts, profiles } from "./schema.ts";

/** What its author says of a post. */
export interface PostText {
  title: string;
  content: string;
  published: boolean;
}

export type Post = typeof posts.$inferSelect;

/** A post with its votes, and the profile of whom it belongs to. */
export interface PostWithOwner {
  post: Post;
  owner: Profile;
}

/** The columns of a post that is shown. */
export const shownPost = { post: posts, owner: profiles };

/** Drafts are seen by their owner alone. */
export function visibleTo(
  viewer: number | ReturnType<typeof sql.placeholder>,
  listed: { published: PgColumn; ownerId: PgColumn } = posts,
): SQL | undefined {
  return or(sql`${listed.published}`, eq(listed.ownerId, viewer));
}

/** Stores a post. */
export async function insertPost(on: Database | Transaction, ownerId: number, text: PostText): Promise<Post> {
  const added = on.insert(posts).values({ ...text, ownerId });
  const rows = await answerOf(added.returning());
  return rows[0]!;
}

/** Single posts. Every query that changes one names the owner, so that nobody else's is ever changed. */
export function postQueries(db: Database) {
  const one = db
    .select(shownPost)
    .from(posts)
    .innerJoin(profiles, eq(profiles.id, posts.ownerId))
    .where(and(eq(posts.id, sql.placeholder("id")), visibleTo(sql.placeholder("viewer"))))
    .prepare("social_post");
  return {
    async visible(id: number, viewer: number): Promise<PostWithOwner | undefined> {
      const rows = await answerOf(one.execute({ id, viewer }));
      return rows[0];
    },
    /** Whose post it is, when the viewer may see it. */
    async ownerOf(id: number, viewer: number): Promise<number | undefined> {
      const found = db.select({ ownerId: posts.ownerId }).from(posts);
      const rows = await answerOf(found.where(and(eq(posts.id, id), visibleTo(viewer))));
      return rows[0]?.ownerId;
    },
    /** The post as it is now; `undefined` when the owner has no such post. */
    async replace(id: number, ownerId: number, text: PostText): Promise<Post | undefined> {
      const changed = db.update(posts).set(text);
      const rows = await answerOf(changed.where(and(eq(posts.id, id), eq(posts.ownerId, ownerId))).returning());
      return rows[0];
    },
    /** Whether there was such a post; its votes go with it. */
    async remove(id: number, ownerId: number): Promise<boolean> {
      const removed = db.delete(posts).where(and(eq(posts.id, id), eq(posts.ownerId, ownerId)));
      const rows = await answerOf(removed.returning({ id: posts.id }));
      return rows.length > 0;
    },
  };
}
