import { type Database, select, write } from "../database.ts";
import type { DatePosition, LikedProperty, Property } from "../properties/property.ts";
import { visibleIds } from "../properties/statuses.ts";
import { withLines } from "../sql/statements.ts";

/** Whether a property exists and is visible. */
export async function isVisibleProperty(db: Database, id: number): Promise<boolean> {
  return (await select(db.pool, db.statements["is-visible"], { id, ...visibleIds })).length > 0;
}

/** Adds a like; an existing one keeps its date. Returns false when the property does not exist or is not visible. */
export async function insertLike(db: Database, account: number, id: number): Promise<boolean> {
  const { affectedRows } = await write(db.pool, db.statements.like, { account, id, ...visibleIds });
  return affectedRows > 0;
}

export async function deleteLike(db: Database, account: number, id: number): Promise<void> {
  await write(db.pool, db.statements.unlike, { account, id });
}

/** How many accounts like a property; undefined when it does not exist or is not visible. */
export async function countLikes(db: Database, id: number): Promise<number | undefined> {
  const [found] = await select<{ count: number }>(db.searchPool, db.statements["count-likes"], { id, ...visibleIds });
  return found?.count;
}

/** A like, and its property if that is visible. */
export interface FoundLike {
  position: DatePosition;
  property: LikedProperty | undefined;
}

type LikeRow = { likedId: number; likedAt: Date } & ({ id: null } | (Property & { id: number }));

/** The next `rows` likes of an account after a position, most recent first. */
export async function findLikes(
  db: Database,
  account: number,
  page: { rows: number; after?: DatePosition | undefined },
): Promise<FoundLike[]> {
  const { rows, after } = page;
  const text = withLines(db.statements.liked, new Set(after ? ["after"] : []));
  const position = after ? { afterDate: after.date, afterId: after.id } : {};
  const found = await select<LikeRow>(db.searchPool, text, { account, rows, ...visibleIds, ...position });
  return found.map(({ likedId, likedAt, ...property }) => ({
    position: { date: likedAt, id: likedId },
    property: property.id === null ? undefined : { ...property, likedAt },
  }));
}
