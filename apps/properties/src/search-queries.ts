import { type Database, select } from "./database.ts";
import type { Property } from "./property.ts";
import { idsAtOnce, type Search } from "./search-statements.ts";
import type { Place } from "./sort-orders.ts";

/** A property that a search found, and its place in the asked order. */
export interface FoundProperty {
  property: Property;
  place: Place;
}

interface FoundRow extends Property {
  sortKey: Place["key"];
}

interface KeyRow {
  id: number;
  sortKey: Place["key"];
}

/** The first `rows` listings of a search that one index holds in order. */
export async function findPage(db: Database, search: Search, rows: number): Promise<FoundProperty[]> {
  const { text, values } = db.searches.page(search, rows);
  return (await select<FoundRow>(db.searching, text, values)).map(found);
}

/** The next `rows` places in order, whether the listings there have the words and the price or not. */
export async function walkInOrder(db: Database, search: Search, rows: number): Promise<Place[]> {
  const { text, values } = db.searches.walk(search, rows);
  return (await select<KeyRow>(db.searching, text, values)).map(placeOf);
}

/** The ids of all listings of a search, its words left out, by the index of prices; `undefined` when there are `rows` or more. */
export async function findByPrice(db: Database, search: Search, rows: number): Promise<number[] | undefined> {
  const { text, values } = db.searches.ofPrice(search, rows);
  const rowsFound = await select<{ id: number }>(db.searching, text, values);
  return rowsFound.length < rows ? rowsFound.map(({ id }) => id) : undefined;
}

/** Where those of some ids that a search may show, its words left out, have their places; in no order. */
export async function findPlaces(db: Database, search: Search, ids: number[]): Promise<Place[]> {
  const places: Place[] = [];
  for (let i = 0; i < ids.length; i += idsAtOnce) {
    const { text, values } = db.searches.keys(search, ids.slice(i, i + idsAtOnce));
    places.push(...(await select<KeyRow>(db.searching, text, values)).map(placeOf));
  }
  return places;
}

/** Those of up to `idsAtOnce` ids that a search may show, its words left out, in order. */
export async function findRows(db: Database, search: Search, ids: number[]): Promise<FoundProperty[]> {
  if (ids.length === 0) return [];
  const { text, values } = db.searches.rows(search, ids);
  return (await select<FoundRow>(db.searching, text, values)).map(found);
}

function found(row: FoundRow): FoundProperty {
  const { id, address, city, price, description, year, status } = row;
  return { property: { id, address, city, price, description, year, status }, place: placeOf(row) };
}

function placeOf(row: KeyRow): Place {
  return { key: row.sortKey, id: row.id };
}
