import { type Database, select, write } from "./database.ts";
import type { DatedPlace, LikedProperty, Property } from "./property.ts";
import { withLines } from "./statements.ts";
import { visibleIds } from "./statuses.ts";

/** Whether a property exists and is visible. */
export async function isVisibleProperty(db: Database, id: number): Promise<boolean> {
  return (await select(db.pool, db.statements["is-visible"], { id, ...visibleIds })).length > 0;
}

/** Adds a like, once, with its first date. Answers false when the property is unknown or not visible. */
export async function insertLike(db: Database, account: number, id: number): Promise<boolean> {
  const { affectedRows } = await write(db.pool, db.statements.like, { account, id, ...visibleIds });
  return affectedRows > 0;
}

export async function deleteLike(db: Database, account: number, id: number): Promise<void> {
  await write(db.pool, db.statements.unlike, { account, id });
}

/** How many accounts like a visible property; `undefined` when it is unknown or not visible. */
export async function countLikes(db: Database, id: number): Promise<number | undefined> {
  const [found] = await select<{ count: number }>(db.searching, db.statements["count-likes"], { id, ...visibleIds });
  return found?.count;
}

/** A like, and its property where that is visible. */
export interface FoundLike {
  place: DatedPlace;
  property: LikedProperty | undefined;
}

type LikeRow = { likedId: number; likedAt: Date } & ({ id: null } | (Property & { id: number }));

/** The next `rows` likes of an account after a place in its list, the newest first. */
export async function findLikes(
  db: Database,
  account: number,
  page: { rows: number; after?: DatedPlace | undefined },
): Promise<FoundLike[]> {
  const { rows, after } = page;
  const text = withLines(db.statements.liked, new Set(after ? ["after"] : []));
  const place = after ? { afterDate: after.date, afterId: after.id } : {};
  const found = await select<LikeRow>(db.searching, text, { account, rows, ...visibleIds, ...place });
  return found.map(({ likedId, likedAt, ...property }) => ({
    place: { date: likedAt, id: likedId },
    property: property.id === null ? undefined : { ...property, likedAt },
  }));
}
