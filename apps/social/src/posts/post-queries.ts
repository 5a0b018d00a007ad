import { Problem } from "@quintet/http";
import type { SQL } from "drizzle-orm";
import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { and, desc, eq, getTableColumns, isNull, sql } from "../database/drizzle.ts";
import { images as imagesTable } from "../database/image-tables.ts";
import { postEdits, postTags } from "../database/post-tables.ts";
import { posts } from "../database/schema.ts";
import { attachImages, type PostImage } from "../images/image-queries.ts";
import { handlesIn } from "../mentions/handles-in.ts";
import { writeMentions } from "../mentions/mention-queries.ts";
import { tagsIn } from "./tags.ts";
import { visibleTo } from "./visible-posts.ts";

/** The part of a post that its author writes. */
export interface PostText {
  title: string;
  content: string;
  published: boolean;
  images: PostImage[];
}

/** The fields to change; absent ones stay as they are. */
export type PostChange = { [Field in keyof PostText]?: PostText[Field] | undefined };

/** An earlier text of a post. */
export type PostEdit = Omit<typeof postEdits.$inferSelect, "postId">;

/** Inserts a post with its tags and mentions and returns its id. To be run in a transaction. */
export async function insertPost(on: Transaction, ownerId: number, { images, ...text }: PostText): Promise<number> {
  const publishedAt = text.published ? sql`now()` : null;
  const added = on.insert(posts).values({ ...text, ownerId, publishedAt });
  const rows = await unwrapDriverError(added.returning({ id: posts.id }));
  const { id } = rows[0]!;
  if (images.length > 0) await writeImages(on, { id, ownerId }, images);
  const tags = tagsIn(text.title, text.content);
  if (tags.length > 0) await writeTags(on, id, tags);
  const handles = handlesIn(text.title, text.content);
  if (text.published && handles.length > 0)
    await writeMentions(on, { postId: id, commentId: null, authorId: ownerId }, handles);
  return id;
}

/**
 * Changes the given fields of the owner's post, when it is one of `versions`, with its tags and mentions; returns whether there is such a post. The
 * version stays when nothing changes. One statement compares and changes the version, so that of two changes of a version one is refused.
 * To be run in a transaction.
 */
export async function changePost(
  on: Transaction,
  { id, ownerId, versions }: { id: number; ownerId: number; versions: number[] | undefined },
  { images, ...change }: PostChange,
): Promise<boolean> {
  const { title = posts.title, content = posts.content, published = posts.published } = change;
  const isOtherText = sql`(${posts.title}, ${posts.content}) is distinct from (${title}, ${content})`;
  const isOther = sql`(${isOtherText} or ${posts.published} <> ${published} or ${hasOtherImages(images)})`;
  const changed = on.update(posts).set({
    ...change,
    publishedAt: sql`case when ${published} then coalesce(${posts.publishedAt}, now()) else ${posts.publishedAt} end`,
    editedAt: sql`case when ${posts.publishedAt} is not null and ${isOtherText} then now() else ${posts.editedAt} end`,
    version: sql`${posts.version} + case when ${isOther} then 1 else 0 end`,
  });
  const isVersion = versions && sql`${posts.version} = any(${`{${versions.join(",")}}`}::int[])`;
  const written = changed.where(and(ownPost(id, ownerId), isVersion));
  const rows = await unwrapDriverError(written.returning(textColumns));
  const text = rows[0];
  if (!text) return false;
  if (images) await writeImages(on, { id, ownerId }, images);
  await writeTags(on, id, tagsIn(text.title, text.content));
  // A draft mentions nobody: it is not to be heard of.
  if (text.published) {
    await writeMentions(on, { postId: id, commentId: null, authorId: ownerId }, handlesIn(text.title, text.content));
  }
  return true;
}

/** Whether the images of a post are others than the given ones, or in another order. */
function hasOtherImages(images: PostImage[] | undefined): SQL {
  if (!images) return sql`false`;
  const { id, alt, position, postId } = imagesTable;
  const all = sql`jsonb_agg(jsonb_build_array(${id}::text, ${alt}) order by ${position})`;
  const wanted = JSON.stringify(images.map((image) => [image.id, image.alt]));
  return sql`coalesce((select ${all} from ${imagesTable} where ${postId} = ${posts.id}), '[]') <> ${wanted}::jsonb`;
}

/** Makes `images` those of a post. Throws 422 for one that is not its owner's, or that another post has. */
async function writeImages(on: Transaction, post: { id: number; ownerId: number }, images: PostImage[]): Promise<void> {
  const missing = await attachImages(on, post, images);
  if (missing === undefined) return;
  const [path, message] = [`images.${missing}.id`, "is no image of yours, or one of another post"];
  throw new Problem("unprocessable", `${path}: ${message}`, { errors: [{ path, message }] });
}

const textColumns = { title: posts.title, content: posts.content, published: posts.published };

/** Makes `tags` those of a post, which the transaction has locked. */
async function writeTags(on: Transaction, postId: number, tags: string[]): Promise<void> {
  const all = sql`${sql.param(tags)}::text[]`;
  const gone = on.$with("gone").as(
    on
      .delete(postTags)
      .where(and(eq(postTags.postId, postId), sql`${postTags.tag} <> all(${all})`))
      .returning({ tag: postTags.tag }),
  );
  const added = on
    .with(gone)
    .insert(postTags)
    .select((query) =>
      query
        .select({ postId: posts.id, tag: sql<string>`unnest(${all})`.as("tag"), listedAt: posts.listedAt })
        .from(posts)
        .where(eq(posts.id, postId)),
    );
  const target = [postTags.postId, postTags.tag];
  await unwrapDriverError(added.onConflictDoUpdate({ target, set: { listedAt: sql`excluded.listed_at` } }));
}

/** A post of the owner that staff did not remove. */
const ownPost = (id: number, ownerId: number) =>
  and(eq(posts.id, id), eq(posts.ownerId, ownerId), isNull(posts.removedAt));

/** Queries for single posts. */
export function postQueries(db: Database | Transaction) {
  return {
    /** The id of the post's owner, or `undefined` when it does not exist or the viewer may not see it. */
    async findOwner(id: number, viewer: number): Promise<number | undefined> {
      const found = db.select({ ownerId: posts.ownerId }).from(posts);
      const rows = await unwrapDriverError(found.where(and(eq(posts.id, id), visibleTo(viewer))));
      return rows[0]?.ownerId;
    },
    /** Deletes the owner's post, when it is one of `versions`, with all that belongs to it. Returns whether there was such a post. */
    async delete(id: number, ownerId: number, versions?: number[]): Promise<boolean> {
      const isVersion = versions && sql`${posts.version} = any(${`{${versions.join(",")}}`}::int[])`;
      const removed = db.delete(posts).where(and(ownPost(id, ownerId), isVersion));
      const rows = await unwrapDriverError(removed.returning({ id: posts.id }));
      return rows.length > 0;
    },
    /** The earlier texts of a post before a version, latest first. */
    async edits(id: number, before: number | undefined, limit: number): Promise<PostEdit[]> {
      const { postId: _, ...columns } = getTableColumns(postEdits);
      const isBefore = before === undefined ? undefined : sql`${postEdits.version} < ${before}`;
      const found = db
        .select(columns)
        .from(postEdits)
        .where(and(eq(postEdits.postId, id), isBefore));
      return unwrapDriverError(found.orderBy(desc(postEdits.version)).limit(limit));
    },
  };
}
