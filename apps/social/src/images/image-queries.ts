import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { and, desc, eq, isNull, sql } from "../database/drizzle.ts";
import { imageFiles, images } from "../database/image-tables.ts";
import { posts } from "../database/schema.ts";
import { visibleTo } from "../posts/visible-posts.ts";
import type { ResizedImage } from "./read-image.ts";

/** An image of a post, as its author names it. */
export interface PostImage {
  id: string;
  alt: string;
}

/** The max number of images of an account that no post has. */
export const maxUnattached = 20;

/** Images that no post has are removed after this time. */
const unattachedFor = sql`interval '1 day'`;

/** Inserts an image and its files, unless the account has too many that no post has; returns its id. Removes some that are due. */
export async function insertImage(on: Transaction, ownerId: number, image: ResizedImage): Promise<string | undefined> {
  const unattached = and(isNull(images.postId), sql`${images.createdAt} < now() - ${unattachedFor}`);
  const due = on
    .select({ id: images.id })
    .from(images)
    .where(unattached)
    .limit(100)
    .for("update", { skipLocked: true });
  await unwrapDriverError(on.delete(images).where(sql`${images.id} in ${due}`));
  // Uploads of one account wait for each other, so that the limit holds.
  await unwrapDriverError(on.execute(sql`select pg_advisory_xact_lock(hashtext('social images'), ${ownerId}::int)`));
  const own = on.select({ count: sql<number>`count(*)::int` }).from(images);
  const [held] = await unwrapDriverError(own.where(and(eq(images.ownerId, ownerId), isNull(images.postId))));
  if (held!.count >= maxUnattached) return undefined;
  const { width, height, files } = image;
  const added = on.insert(images).values({ ownerId, width, height }).returning({ id: images.id });
  const { id } = (await unwrapDriverError(added))[0]!;
  await unwrapDriverError(on.insert(imageFiles).values(files.map((file) => ({ imageId: id, ...file }))));
  return id;
}

export async function listUnattached(db: Database, ownerId: number) {
  const { id, width, height } = images;
  const own = db
    .select({ id, width, height })
    .from(images)
    .where(and(eq(images.ownerId, ownerId), isNull(images.postId)));
  return unwrapDriverError(own.orderBy(desc(images.createdAt), desc(id)).limit(maxUnattached));
}

/**
 * Makes `wanted` the images of a post, which the transaction has locked, in this order; others that it had are deleted. Returns the index of
 * one that is no image of its owner, or that another post has.
 */
export async function attachImages(
  on: Transaction,
  post: { id: number; ownerId: number },
  wanted: PostImage[],
): Promise<number | undefined> {
  const ids = sql`${sql.param(wanted.map(({ id }) => id))}::uuid[]`;
  const alts = sql`${sql.param(wanted.map(({ alt }) => alt))}::text[]`;
  const attached = on.execute<{ id: string }>(sql`
    update ${images} set post_id = ${post.id}, position = wanted.position, alt = wanted.alt
    from unnest(${ids}, ${alts}) with ordinality wanted (id, alt, position)
    where ${images.id} = wanted.id and ${images.ownerId} = ${post.ownerId} and (${images.postId} is null or ${images.postId} = ${post.id})
    returning ${images.id}`);
  const found = new Set((await unwrapDriverError(attached)).map(({ id }) => id));
  const missing = wanted.findIndex(({ id }) => !found.has(id));
  if (missing >= 0) return missing;
  await unwrapDriverError(on.delete(images).where(and(eq(images.postId, post.id), sql`${images.id} <> all(${ids})`)));
  return undefined;
}

/** The file of an image in a width, or the next larger one, or the largest; for its owner, or for who sees the post that has it. */
export async function readImageFile(
  db: Database,
  viewer: number,
  { id, width }: { id: string; width: number },
): Promise<{ width: number; content: Buffer } | undefined> {
  const post = sql`exists (select from ${posts} where ${posts.id} = ${images.postId} and ${visibleTo(viewer)})`;
  const isSeen = sql`case when ${images.postId} is null then ${images.ownerId} = ${viewer} else ${post} end`;
  const found = db
    .select({ width: imageFiles.width, content: imageFiles.content })
    .from(imageFiles)
    .innerJoin(images, eq(images.id, imageFiles.imageId))
    .where(and(eq(images.id, id), isSeen))
    .orderBy(sql`${imageFiles.width} < ${width}`, sql`abs(${imageFiles.width} - ${width})`)
    .limit(1);
  return (await unwrapDriverError(found))[0];
}
