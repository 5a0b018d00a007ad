import { type Database, select } from "./database.ts";
import type { Property } from "./property.ts";
import type { Search, Through } from "./search-statements.ts";
import type { Place } from "./sort-orders.ts";

/** A property that a search found, and its place in the asked order. */
export interface FoundProperty {
  property: Property;
  place: Place;
}

interface FoundRow extends Property {
  sortKey: Place["key"];
}

interface ScannedRow extends FoundRow {
  /** 1 for the first row of the page. */
  place: number;
  matches: number;
}

/** The first `rows` listings of a search without words. */
export async function findPage(db: Database, search: Search, through: Through, rows: number): Promise<FoundProperty[]> {
  const { text, values } = db.searches.page(search, through, rows);
  return (await select<FoundRow>(db.searching, text, values)).map(found);
}

/** The first `rows` listings that have the words, by the full-text index. */
export async function findPageByWords(db: Database, search: Search, rows: number): Promise<FoundProperty[]> {
  const { text, values } = db.searches.pageByWords(search, rows);
  return (await select<FoundRow>(db.searching, text, values)).map(found);
}

/**
 * Looks at the next `rows` listings in order: `matches` are those that have the words, `end` is where looking on begins,
 * `undefined` when there is nothing further.
 */
export async function scanForWords(
  db: Database,
  search: Search,
  through: Through,
  rows: number,
): Promise<{ matches: FoundProperty[]; end: Place | undefined }> {
  const { text, values } = db.searches.scan(search, through, rows);
  const scanned = await select<ScannedRow>(db.searching, text, values);
  const last = scanned.at(-1);
  return {
    matches: scanned.filter((row) => row.matches === 1).map(found),
    end: last?.place === rows ? placeOf(last) : undefined,
  };
}

/** How many listings of a search have its price, counting `rows` of each status at most. */
export async function countOfPrice(db: Database, search: Search, rows: number): Promise<number> {
  const { text, values } = db.searches.countOfPrice(search, rows);
  const [answer] = await select<{ count: number }>(db.searching, text, values);
  return answer?.count ?? 0;
}

function found(row: FoundRow): FoundProperty {
  const { id, address, city, price, description, year, status } = row;
  return { property: { id, address, city, price, description, year, status }, place: placeOf(row) };
}

function placeOf(row: FoundRow): Place {
  return { key: row.sortKey, id: row.id };
}
