import type { Database } from "../database.ts";
import { propertyNotFound } from "../properties/properties.ts";
import type { DatePosition, LikedProperty } from "../properties/property.ts";
import {
  type CountedProperty,
  countLikes,
  deleteLike,
  type Found,
  findLikes,
  findLikesOf,
  findMostLiked,
  hasLike,
  insertLike,
  isVisibleProperty,
  type Likes,
  type LikesPosition,
} from "./like-queries.ts";

/** Adds the account's like; liking again changes nothing. Throws `not-found`. */
export async function likeProperty(db: Database, account: number, id: number): Promise<void> {
  const isThere = () => isVisibleProperty(db, id);
  if (!(await isThere())) throw propertyNotFound();
  // No like was added: the account has one, or the property was hidden meanwhile.
  if (!(await insertLike(db, account, id)) && !(await isThere())) throw propertyNotFound();
}

/**
 * Removes the account's like, if there is one, also of a property that is not visible any more. Throws `not-found` when there is none and
 * the account cannot see the property.
 */
export async function unlikeProperty(db: Database, account: number, id: number): Promise<void> {
  if (await hasLike(db, account, id)) await deleteLike(db, account, id);
  else if (!(await isVisibleProperty(db, id))) throw propertyNotFound();
}

/** How many accounts like the property. Throws `not-found`. */
export async function readLikeCount(db: Database, id: number): Promise<number> {
  const count = await countLikes(db, id);
  if (count === undefined) throw propertyNotFound();
  return count;
}

/** The same properties with their likes. */
export async function withLikes<T extends { id: number }>(
  db: Database,
  account: number,
  properties: T[],
): Promise<(T & Likes)[]> {
  const found = await findLikesOf(
    db,
    account,
    properties.map(({ id }) => id),
  );
  return properties.map((property) => ({ ...property, ...(found.get(property.id) ?? { likes: 0, liked: false }) }));
}

interface Page<Position> {
  limit: number;
  after?: Position | undefined;
}

/** A page of an account's liked properties, most recent like first. */
export function readLiked(
  db: Database,
  account: number,
  page: Page<DatePosition>,
): Promise<VisiblePage<DatePosition, LikedProperty>> {
  return readVisible(page, (rows, after) => findLikes(db, account, { rows, after }));
}

/** A page of the properties that anybody likes, the most liked first. */
export function readMostLiked(
  db: Database,
  page: Page<LikesPosition>,
): Promise<VisiblePage<LikesPosition, CountedProperty>> {
  return readVisible(page, (rows, after) => findMostLiked(db, { rows, after }));
}

/** How many more entries are read for a page, batch by batch, when entries of properties that are not visible were skipped. */
const batchSizes = [250, 750, 3000];

interface VisiblePage<Position, Shown> {
  properties: Shown[];
  /** The position of the next page. */
  end: Position | undefined;
}

/**
 * A page of a list without the properties that are not visible. When very many entries in a row are of such properties, a page may be
 * shorter or empty and still have a next page.
 */
async function readVisible<Position, Shown>(
  page: Page<Position>,
  find: (rows: number, after: Position | undefined) => Promise<Found<Position, Shown>[]>,
): Promise<VisiblePage<Position, Shown>> {
  const { limit } = page;
  const found: { position: Position; property: Shown }[] = [];
  let { after } = page;
  for (const rows of [limit + 1, ...batchSizes]) {
    const entries = await find(rows, after);
    for (const { position, property } of entries) if (property) found.push({ position, property });
    after = entries.length < rows ? undefined : entries.at(-1)?.position;
    if (found.length > limit || after === undefined) break;
  }
  const shown = found.slice(0, limit);
  return {
    properties: shown.map(({ property }) => property),
    end: found.length > limit ? shown.at(-1)?.position : after,
  };
}
