import type { Database } from "../database.ts";
import { propertyNotFound } from "../properties/properties.ts";
import type { DatePosition, LikedProperty } from "../properties/property.ts";
import { countLikes, deleteLike, findLikes, insertLike, isVisibleProperty } from "./like-queries.ts";

/** Adds the account's like; liking again changes nothing. Throws `not-found`. */
export async function likeProperty(db: Database, account: number, id: number): Promise<void> {
  if (!(await insertLike(db, account, id))) throw propertyNotFound();
}

/** Removes the account's like, if there is one. Throws `not-found`. */
export async function unlikeProperty(db: Database, account: number, id: number): Promise<void> {
  if (!(await isVisibleProperty(db, id))) throw propertyNotFound();
  await deleteLike(db, account, id);
}

/** How many accounts like the property. Throws `not-found`. */
export async function readLikeCount(db: Database, id: number): Promise<number> {
  const count = await countLikes(db, id);
  if (count === undefined) throw propertyNotFound();
  return count;
}

/** How many more likes are read for a page, batch by batch, when likes of properties that are not visible were skipped. */
const batchSizes = [250, 750, 3000];

/**
 * A page of an account's liked properties, most recent like first; `end` is the position of the next page. When very many likes in a row
 * are of properties that are not visible, a page may be shorter or empty and still have a next page.
 */
export async function readLiked(
  db: Database,
  account: number,
  page: { limit: number; after?: DatePosition | undefined },
): Promise<{ properties: LikedProperty[]; end: DatePosition | undefined }> {
  const { limit } = page;
  const found: { position: DatePosition; property: LikedProperty }[] = [];
  let { after } = page;
  for (const rows of [limit + 1, ...batchSizes]) {
    const likes = await findLikes(db, account, { rows, after });
    for (const { position, property } of likes) if (property) found.push({ position, property });
    after = likes.length < rows ? undefined : likes.at(-1)?.position;
    if (found.length > limit || after === undefined) break;
  }
  const shown = found.slice(0, limit);
  return {
    properties: shown.map(({ property }) => property),
    end: found.length > limit ? shown.at(-1)?.position : after,
  };
}
