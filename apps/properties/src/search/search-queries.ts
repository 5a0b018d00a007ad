import { type Database, select } from "../database.ts";
import type { Property } from "../properties/property.ts";
import { withOptional, withoutNulls } from "../source/optional-columns.ts";
import { fill, type RowOf } from "../sql/statements.ts";
import { type Area, isIn, wktOf } from "./places.ts";
import type { Search } from "./search-request.ts";
import { idsAtOnce } from "./search-statements.ts";
import type { SortPosition } from "./sort-orders.ts";

/** A property that a search found, and its position in the requested order. */
export interface FoundProperty {
  property: Property;
  position: SortPosition;
}

/** The first `rows` listings of a search that a single index has in order. */
export async function findPage(db: Database, search: Search, rows: number): Promise<FoundProperty[]> {
  const { text, values } = db.searches.page(search, rows);
  return (await select(db.searchPool, await withOptional(db, text), values)).map(found);
}

/** The positions of the next `rows` listings in order, regardless of words and price. */
export async function walkInOrder(db: Database, search: Search, rows: number): Promise<SortPosition[]> {
  const { text, values } = db.searches.walk(search, rows);
  return (await select(db.searchPool, text, values)).map(positionOf);
}

/** The ids of all listings of a search, ignoring its words, from the price index; undefined when there are `rows` or more. */
export async function findByPrice(db: Database, search: Search, rows: number): Promise<number[] | undefined> {
  const { text, values } = db.searches.ofPrice(search, rows);
  const rowsFound = await select(db.searchPool, text, values);
  return rowsFound.length < rows ? rowsFound.map(({ id }) => id) : undefined;
}

/** The ids of all listings that became visible first in a time; undefined when there are `rows` or more. */
export async function findSeen(
  db: Database,
  { since, before }: { since: Date; before: Date },
  rows: number,
): Promise<number[] | undefined> {
  const found = await select(db.searchPool, db.statements.seen, { since, before, rows });
  return found.length < rows ? found.map(({ id }) => id) : undefined;
}

/** The positions of those of the given ids that match a search, ignoring its words; unordered. */
export async function findPositions(db: Database, search: Search, ids: number[]): Promise<SortPosition[]> {
  const positions: SortPosition[] = [];
  for (let i = 0; i < ids.length; i += idsAtOnce) {
    const { text, values } = db.searches.keys(search, ids.slice(i, i + idsAtOnce));
    positions.push(...(await select(db.searchPool, text, values)).map(positionOf));
  }
  return positions;
}

/** Those of up to `idsAtOnce` ids that match a search, ignoring its words, in order. */
export async function findRows(db: Database, search: Search, ids: number[]): Promise<FoundProperty[]> {
  if (ids.length === 0) return [];
  const { text, values } = db.searches.rows(search, ids);
  return (await select(db.searchPool, await withOptional(db, text), values)).map(found);
}

function found({ sortKey, ...property }: RowOf<"page" | "rows">): FoundProperty {
  return { property: withoutNulls(property), position: positionOf({ id: property.id, sortKey }) };
}

/** A place in an area, and its distance from the centre of the circle, if there is one. */
export interface FoundPlace {
  id: number;
  distance: number;
}

/** The places in an area; undefined when more than the limit of places would have to be read. */
export async function findPlaces(db: Database, { boxes, circle }: Area): Promise<FoundPlace[] | undefined> {
  const { distance } = db.statements;
  const text = fill(db.statements.places, { distance });
  const { lat, lon, km = Number.POSITIVE_INFINITY } = circle ?? { lat: 0, lon: 0 };
  const rows = db.limits.places;
  const found = new Map<number, FoundPlace>();
  for (const box of boxes) {
    const values = { lat, lon, box: wktOf(box), rows };
    const some = await select(db.searchPool, text, values);
    if (some.length === rows) return undefined;
    for (const { distance, ...place } of some) {
      if (!isIn(box, place) || distance === null) continue;
      if (!circle || distance <= km) found.set(place.id, { id: place.id, distance });
    }
  }
  return [...found.values()];
}

function positionOf({ id, sortKey }: RowOf<"keys">): SortPosition {
  // Servers know not that a distance is never null.
  return { key: sortKey ?? 0, id };
}
