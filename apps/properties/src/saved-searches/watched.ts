import { type Database, select } from "../database.ts";
import { isIn, kmBetween } from "../search/places.ts";
import type { Range, RangeColumn, SearchInput } from "../search/search-request.ts";
import { idsAtOnce, openEnds } from "../search/search-statements.ts";
import type { Statuses } from "../source/statuses.ts";
import { fill, numbered, parameters, type RowOf } from "../sql/statements.ts";
import { findTextKey } from "../term-index/term-queries.ts";
import { matchesWords } from "../term-index/words.ts";
import type { ReadSearch } from "./saved-search.ts";

/** A listing as saved searches are matched with it. */
export type WatchedListing = RowOf<"watched">;

/** The fields of a listing that searches filter by, without its texts. */
export type WatchedFields = {
  [F in Exclude<keyof WatchedListing, "id" | "address" | "description" | "firstSeen">]: WatchedListing[F] | null;
};

/** A search that listings are matched with in memory. */
export interface Watch {
  search: SearchInput;
  statusIds: ReadonlySet<number>;
  /** Equal for texts that differ only in case and accents; none mean any. */
  cityKeys: readonly string[];
  typeKeys: readonly string[];
}

/** Makes watches of queries; undefined for one that is not valid. */
export type ToWatch = (query: string, statuses: Statuses) => Promise<Watch | undefined>;

/** Queries and texts that are remembered. */
const remembered = 20_000;

/** Reads queries and the keys of their texts once each: thousands of saved searches are about the same cities. */
export function watches(db: Database, readSearch: ReadSearch): ToWatch {
  const searches = new Map<string, SearchInput | undefined>();
  const keys = new Map<string, string>();
  const searchOf = (query: string) => {
    if (searches.size > remembered) searches.clear();
    if (!searches.has(query)) {
      const read = readSearch(query);
      searches.set(query, "search" in read ? read.search : undefined);
    }
    return searches.get(query);
  };
  const keyOf = async (text: string) => {
    if (keys.size > remembered) keys.clear();
    const key = keys.get(text) ?? (await findTextKey(db, text));
    keys.set(text, key);
    return key;
  };
  const keysOf = async (texts: string[]) => {
    const found: string[] = [];
    for (const text of texts) found.push(await keyOf(text));
    return found;
  };
  return async (query, statuses) => {
    const search = searchOf(query);
    if (!search) return undefined;
    const statusIds = new Set(statuses.searchedIds(search.statuses));
    return { search, statusIds, cityKeys: await keysOf(search.cities), typeKeys: await keysOf(search.types) };
  };
}

/** Reads some listings to match saved searches with. */
export async function readWatched(db: Database, ids: number[]): Promise<WatchedListing[]> {
  const text = fill(db.statements.watched, { ids: parameters("id", idsAtOnce) });
  const found: WatchedListing[] = [];
  for (let i = 0; i < ids.length; i += idsAtOnce) {
    found.push(...(await select(db.searchPool, text, numbered("id", ids.slice(i, i + idsAtOnce), idsAtOnce))));
  }
  return found;
}

/** Whether a listing is a result of a search: the same as `filters` of `search.sql`, and its words. */
export function matches(watch: Watch, listing: WatchedListing): boolean {
  const { newSince, words } = watch.search;
  if (newSince && (listing.firstSeen === null || listing.firstSeen < newSince)) return false;
  if (!matchesFields(watch, listing)) return false;
  return words.length === 0 || matchesWords(`${listing.address ?? ""} ${listing.description ?? ""}`, words);
}

/** The same without the words, and whenever the listing became visible. */
export function matchesFields({ search, statusIds, cityKeys, typeKeys }: Watch, listing: WatchedFields): boolean {
  const { statusId, cityKey, typeKey } = listing;
  return (
    statusId !== null &&
    statusIds.has(statusId) &&
    isOneOf(cityKeys, cityKey) &&
    isOneOf(typeKeys, typeKey) &&
    isWithin("price", search.price, listing.price) &&
    isWithin("year", search.year, listing.year) &&
    isWithin("rooms", search.rooms, listing.rooms) &&
    isWithin("area", search.area, listing.area) &&
    isPlaced(search, listing)
  );
}

function isOneOf(keys: readonly string[], key: string | null): boolean {
  return keys.length === 0 || (key !== null && keys.includes(key));
}

function isWithin(column: RangeColumn, range: Range | undefined, value: number | null): boolean {
  if (!range) return true;
  const { min, max } = openEnds[column];
  return value !== null && value >= (range.min ?? min) && value <= (range.max ?? max);
}

function isPlaced({ place }: SearchInput, { lat, lon }: WatchedFields): boolean {
  if (!place) return true;
  if (lat === null || lon === null || !place.boxes.some((box) => isIn(box, { lat, lon }))) return false;
  return !place.circle || kmBetween(place.circle, { lat, lon }) <= place.circle.km;
}
