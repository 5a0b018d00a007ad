import type { Database } from "./database.ts";
import { countLikes, deleteLike, findLiked, insertLike, isVisibleProperty } from "./like-queries.ts";
import { noSuchProperty } from "./properties.ts";
import type { DatedPlace, LikedProperty } from "./property.ts";

/** The account likes the property from now on; liking it again changes nothing. */
export async function likeProperty(db: Database, account: number, id: number): Promise<void> {
  if (!(await insertLike(db, account, id))) throw noSuchProperty();
}

/** The account does not like the property, whether it did before or not. */
export async function unlikeProperty(db: Database, account: number, id: number): Promise<void> {
  if (!(await isVisibleProperty(db, id))) throw noSuchProperty();
  await deleteLike(db, account, id);
}

/** How many accounts like the property. */
export async function readLikeCount(db: Database, id: number): Promise<number> {
  const count = await countLikes(db, id);
  if (count === undefined) throw noSuchProperty();
  return count;
}

/** A page of what an account likes, the newest like first; `more` when it goes on. */
export async function readLiked(
  db: Database,
  account: number,
  page: { limit: number; after?: DatedPlace | undefined },
): Promise<{ properties: LikedProperty[]; more: boolean }> {
  const { limit, after } = page;
  const rows = await findLiked(db, account, { rows: limit + 1, after });
  return { properties: rows.slice(0, limit), more: rows.length > limit };
}
