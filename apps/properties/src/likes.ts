import type { Database } from "./database.ts";
import { countLikes, deleteLike, findLikes, insertLike, isVisibleProperty } from "./like-queries.ts";
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

/** How many likes are looked at for a page, in turn: those of properties that are not visible now are passed over. */
const looks = [250, 750, 3000];

/**
 * A page of what an account likes, the newest like first; `end` is the place where it goes on. A page is shorter, or
 * empty, and goes on all the same when so many likes one after the other are of properties that are not visible.
 */
export async function readLiked(
  db: Database,
  account: number,
  page: { limit: number; after?: DatedPlace | undefined },
): Promise<{ properties: LikedProperty[]; end: DatedPlace | undefined }> {
  const { limit } = page;
  const found: { place: DatedPlace; property: LikedProperty }[] = [];
  let { after } = page;
  for (const rows of [limit + 1, ...looks]) {
    const likes = await findLikes(db, account, { rows, after });
    for (const { place, property } of likes) if (property) found.push({ place, property });
    after = likes.length < rows ? undefined : likes.at(-1)?.place;
    if (found.length > limit || after === undefined) break;
  }
  const shown = found.slice(0, limit);
  return {
    properties: shown.map(({ property }) => property),
    end: found.length > limit ? shown.at(-1)?.place : after,
  };
}
