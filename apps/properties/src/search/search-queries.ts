import { type Database, select } from "../database.ts";
import type { Property } from "../properties/property.ts";
import { withOptional, withoutNulls } from "../source/optional-columns.ts";
import { fill } from "../sql/statements.ts";
import { type Area, isIn, wktOf } from "./places.ts";
import type { Search } from "./search-request.ts";
import { idsAtOnce } from "./search-statements.ts";
import type { SortPosition } from "./sort-orders.ts";

/** A property that a search found, and its position in the requested order. */
export interface FoundProperty {
  property: Property;
  position: SortPosition;
}

interface FoundRow extends Property {
  sortKey: SortPosition["key"];
}

interface KeyRow {
  id: number;
  sortKey: SortPosition["key"];
}

/** The first `rows` listings of a search that a single index has in order. */
export async function findPage(db: Database, search: Search, rows: number): Promise<FoundProperty[]> {
  const { text, values } = db.searches.page(search, rows);
  return (await select<FoundRow>(db.searchPool, await withOptional(db, text), values)).map(found);
}

/** The positions of the next `rows` listings in order, regardless of words and price. */
export async function walkInOrder(db: Database, search: Search, rows: number): Promise<SortPosition[]> {
  const { text, values } = db.searches.walk(search, rows);
  return (await select<KeyRow>(db.searchPool, text, values)).map(positionOf);
}

/** The ids of all listings of a search, ignoring its words, from the price index; undefined when there are `rows` or more. */
export async function findByPrice(db: Database, search: Search, rows: number): Promise<number[] | undefined> {
  const { text, values } = db.searches.ofPrice(search, rows);
  const rowsFound = await select<{ id: number }>(db.searchPool, text, values);
  return rowsFound.length < rows ? rowsFound.map(({ id }) => id) : undefined;
}

/** The positions of those of the given ids that match a search, ignoring its words; unordered. */
export async function findPositions(db: Database, search: Search, ids: number[]): Promise<SortPosition[]> {
  const positions: SortPosition[] = [];
  for (let i = 0; i < ids.length; i += idsAtOnce) {
    const { text, values } = db.searches.keys(search, ids.slice(i, i + idsAtOnce));
    positions.push(...(await select<KeyRow>(db.searchPool, text, values)).map(positionOf));
  }
  return positions;
}

/** Those of up to `idsAtOnce` ids that match a search, ignoring its words, in order. */
export async function findRows(db: Database, search: Search, ids: number[]): Promise<FoundProperty[]> {
  if (ids.length === 0) return [];
  const { text, values } = db.searches.rows(search, ids);
  return (await select<FoundRow>(db.searchPool, await withOptional(db, text), values)).map(found);
}

function found({ sortKey, ...property }: FoundRow): FoundProperty {
  return { property: withoutNulls(property), position: { key: sortKey, id: property.id } };
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
    const some = await select<FoundPlace & { lat: number; lon: number }>(db.searchPool, text, values);
    if (some.length === rows) return undefined;
    for (const place of some) if (isIn(box, place) && (!circle || place.distance <= km)) found.set(place.id, place);
  }
  return [...found.values()];
}

function positionOf(row: KeyRow): SortPosition {
  return { key: row.sortKey, id: row.id };
}
