import { type Database, select } from "../database.ts";
import type { Property } from "../properties/property.ts";
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
  return (await select<FoundRow>(db.searchPool, text, values)).map(found);
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
  return (await select<FoundRow>(db.searchPool, text, values)).map(found);
}

function found(row: FoundRow): FoundProperty {
  const { id, address, city, price, description, year, status } = row;
  return { property: { id, address, city, price, description, year, status }, position: positionOf(row) };
}

function positionOf(row: KeyRow): SortPosition {
  return { key: row.sortKey, id: row.id };
}
