import { inMysqlTransaction, type MysqlConnection } from "@quintet/db";
import { type Database, select, write } from "../database.ts";
import type { DatePosition, LikedProperty, Property } from "../properties/property.ts";
import { withOptional, withoutNulls } from "../source/optional-columns.ts";
import { maxStatusIds } from "../source/statuses.ts";
import { fill, numbered, parameters, withLines } from "../sql/statements.ts";

const withStatuses = <Text extends string>(text: Text) => fill(text, { statuses: parameters("status", maxStatusIds) });

/** The ids of the visible statuses for `withStatuses`, once the listings are up to date. */
async function visibleIds(db: Database): Promise<Record<string, number | null>> {
  return numbered("status", (await db.fresh()).visibleIds, maxStatusIds);
}

/** Whether a property exists and is visible. */
export async function isVisibleProperty(db: Database, id: number): Promise<boolean> {
  const values = { id, ...(await visibleIds(db)) };
  return (await select(db.pool, withStatuses(db.statements["is-visible"]), values)).length > 0;
}

/** Whether an account likes a property. */
export async function hasLike(db: Database, account: number, id: number): Promise<boolean> {
  return (await select(db.pool, db.statements["has-like"], { account, id })).length > 0;
}

/** Adds a like; false when it is there, or when the property does not exist or is not visible. An existing like keeps its date. */
export async function insertLike(db: Database, account: number, id: number): Promise<boolean> {
  const values = { account, id, ...(await visibleIds(db)) };
  const like = (on: MysqlConnection) => write(on, withStatuses(db.statements.like), values);
  return changeLikes(db, id, 1, like).catch((error: unknown) => {
    // Another program added it at the same time.
    if (error instanceof Error && "code" in error && error.code === "ER_DUP_ENTRY") return false;
    throw error;
  });
}

/** Removes a like; false when there is none. */
export function deleteLike(db: Database, account: number, id: number): Promise<boolean> {
  return changeLikes(db, id, -1, (on) => write(on, db.statements.unlike, { account, id }));
}

/**
 * Writes a like, and counts it in the same transaction if that affected a row; returns whether it did. The number of the property's likes is
 * locked first, so that all changes of them wait for each other in the same order, and none can deadlock with another.
 */
function changeLikes(
  db: Database,
  id: number,
  change: 1 | -1,
  writeLike: (on: MysqlConnection) => Promise<{ affectedRows: number }>,
): Promise<boolean> {
  const work = async (on: MysqlConnection) => {
    await write(on, db.statements["lock-likes"], { id });
    const { affectedRows } = await writeLike(on);
    if (affectedRows === 0) return false;
    await write(on, db.statements["change-likes"], { id, change });
    return true;
  };
  return inMysqlTransaction(db.pool, work, "READ COMMITTED");
}

/** How many accounts like a property; undefined when it does not exist or is not visible. */
export async function countLikes(db: Database, id: number): Promise<number | undefined> {
  const values = { id, ...(await visibleIds(db)) };
  const [found] = await select(db.searchPool, withStatuses(db.statements["count-likes"]), values);
  return found?.count ?? undefined;
}

/** How many accounts like a property, and whether the account of the request is one of them. */
export interface Likes {
  likes: number;
  liked: boolean;
}

/** The likes of properties, by id; none for one that nobody likes. One statement reads those of a page. */
export async function findLikesOf(db: Database, account: number, ids: number[]): Promise<Map<number, Likes>> {
  const text = fill(db.statements["likes-of"], { ids: parameters("id", idsOfPage) });
  const found = new Map<number, Likes>();
  for (let i = 0; i < ids.length; i += idsOfPage) {
    const values = { account, ...numbered("id", ids.slice(i, i + idsOfPage), idsOfPage) };
    const rows = await select(db.searchPool, text, values);
    for (const { id, likes, liked } of rows) found.set(id, { likes, liked: liked === 1 });
  }
  return found;
}

/** Max properties of a page. */
const idsOfPage = 100;

/** An entry of a list, and its property if that is visible. */
export interface Found<Position, Shown> {
  position: Position;
  property: Shown | undefined;
}

/** The property of a row, if it is visible. */
function joined<Row extends { id: number | null }>(row: Row): (Row & { id: number }) | undefined {
  return row.id === null ? undefined : { ...row, id: row.id };
}

/** The next `rows` likes of an account after a position, most recent first. */
export async function findLikes(
  db: Database,
  account: number,
  page: { rows: number; after?: DatePosition | undefined },
): Promise<Found<DatePosition, LikedProperty>[]> {
  const { rows, after } = page;
  const text = await withOptional(db, withLines(withStatuses(db.statements.liked), new Set(after ? ["after"] : [])));
  const position = after ? { afterDate: after.date, afterId: after.id } : {};
  const values = { account, rows, ...(await visibleIds(db)), ...position };
  const found = await select(db.searchPool, text, values);
  return found.map(({ likedId, ...property }) => ({
    position: { date: property.likedAt, id: likedId },
    property: joined(withoutNulls(property)),
  }));
}

/** A position in the list of the most liked properties. */
export interface LikesPosition {
  likes: number;
  id: number;
}

/** A property with the number of its likes. */
export type CountedProperty = Property & { likes: number };

/** The next `rows` properties that anybody likes after a position, the most liked first. */
export async function findMostLiked(
  db: Database,
  page: { rows: number; after?: LikesPosition | undefined },
): Promise<Found<LikesPosition, CountedProperty>[]> {
  const { rows, after } = page;
  const lines = withLines(withStatuses(db.statements["most-liked"]), new Set(after ? ["after"] : []));
  const text = await withOptional(db, lines);
  const position = after ? { afterLikes: after.likes, afterId: after.id } : {};
  const values = { rows, ...(await visibleIds(db)), ...position };
  const found = await select(db.searchPool, text, values);
  return found.map(({ countedId, ...property }) => ({
    position: { likes: property.likes, id: countedId },
    property: joined(withoutNulls(property)),
  }));
}
