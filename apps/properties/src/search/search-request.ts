import type { VisibleStatus } from "../properties/statuses.ts";
import type { Statuses } from "../source/statuses.ts";
import type { Area } from "./places.ts";
import { type Sort, type SortColumn, type SortPosition, sortOrders } from "./sort-orders.ts";

/** An inclusive range; an end that is not given is open. */
export interface Range {
  min?: number | undefined;
  max?: number | undefined;
}

/** The columns of `listing` that a search can bound. */
export const rangeColumns = ["price", "year", "rooms", "area"] as const;

export type RangeColumn = (typeof rangeColumns)[number];

/**
 * A search of the listings whose status has one of these ids. Each of the folded `words` must be the beginning of a word of the address or
 * the description. `sort` is never by year when only one year is searched. No cities mean any, and no types too. `newSince`: listings that
 * became visible first at that moment, which is not before the year 1000, or later.
 */
export interface Search extends Partial<Record<RangeColumn, Range | undefined>> {
  cities: string[];
  types: string[];
  place?: Area | undefined;
  statusIds: number[];
  newSince?: Date | undefined;
  words: string[];
  sort: Sort;
  after?: SortPosition | undefined;
}

/** What is searched for: properties with one of these statuses, or without any, with each in which they are visible. */
export type SearchInput = Omit<Search, "statusIds"> & { statuses: VisibleStatus[] };

/** A search with the ids of its statuses, as they are `current`ly. */
export function withStatusIds({ statuses, ...search }: SearchInput, current: Statuses): Search {
  return { ...search, statusIds: current.searchedIds(statuses) };
}

/** The single year of a search; undefined when it has none or several. */
export function onlyYear({ year }: { year?: Range | undefined }): number | undefined {
  return year?.min !== undefined && year.min === year.max ? year.min : undefined;
}

/**
 * The indexes of `listing` that serve searches: after the status, the city or the year or both, then the order. Where one is missing, the
 * index of terms serves the search.
 */
const indexes: ReadonlySet<string> = new Set([
  "by_id",
  "by_city_id",
  "by_year_id",
  "by_city_year_id",
  "by_price",
  "by_city_price",
  "by_date",
  "by_city_date",
]);

/** The best index for an order of a search, and the part of the search whose listings are its next entries. */
export interface IndexUse<S extends Conditions> {
  index: string;
  covered: S;
}

/** A search whose statuses do not matter. */
type Conditions = Omit<Search, "statusIds">;

/** Finds the index for an order; one of a city only where the search has one, or `several` and each has a slice of its own. */
export function indexFor<S extends Conditions>(search: S, order: SortColumn, several = false): IndexUse<S> {
  const { cities, price, year } = search;
  const hasCity = cities.length === 1 || (several && cities.length > 1);
  const hasYear = onlyYear(search) !== undefined;
  const end = { id: "_id", price: "_price", date: "_date", year: "_year_id", distance: "_id" }[order];
  const [equal = ""] = [
    ...(hasCity && hasYear ? ["_city_year"] : []),
    ...(hasCity ? ["_city"] : []),
    ...(hasYear ? ["_year"] : []),
  ].filter((some) => indexes.has(`by${some}${end}`));
  const covered: S = {
    ...search,
    cities: equal.startsWith("_city") ? cities : [],
    types: [],
    place: undefined,
    words: [],
    price: order === "price" ? price : undefined,
    year: equal.endsWith("_year") || order === "year" ? year : undefined,
    rooms: undefined,
    area: undefined,
    newSince: undefined,
  };
  return { index: `by${equal}${end}`, covered };
}

/** Whether one index of `listing` has the page in order. */
export function isInOneIndex(search: Conditions): boolean {
  const { covered } = indexFor(search, sortOrders[search.sort].column, true);
  return (
    search.words.length === 0 &&
    search.types.length === 0 &&
    search.place === undefined &&
    search.newSince === undefined &&
    covered.cities.length === search.cities.length &&
    rangeColumns.every((column) => covered[column] === search[column])
  );
}
