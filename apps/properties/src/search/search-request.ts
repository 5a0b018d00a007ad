import type { VisibleStatus } from "../properties/statuses.ts";
import type { Statuses } from "../source/statuses.ts";
import { type Sort, type SortPosition, sortOrders } from "./sort-orders.ts";

/** An inclusive range; an end that is not given is open. */
export interface Range {
  min?: number | undefined;
  max?: number | undefined;
}

/** The columns of `listing` that a search can bound. */
export const rangeColumns = ["price", "year"] as const;

export type RangeColumn = (typeof rangeColumns)[number];

/**
 * A search of the listings whose status has one of these ids. Each of the folded `words` must be the beginning of a word of the address or the description. `sort` is never by year when
 * only one year is searched. No cities mean any.
 */
export interface Search extends Partial<Record<RangeColumn, Range>> {
  cities: string[];
  statusIds: number[];
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

/** The ranges of a search that no index with its order contains. */
export function rangesApart(search: Omit<Search, "statusIds">): RangeColumn[] {
  const { column } = sortOrders[search.sort];
  return rangeColumns.filter(
    (name) => search[name] !== undefined && name !== column && (name !== "year" || onlyYear(search) === undefined),
  );
}

/** Whether one index of `listing` has the page in order: there are no words and no ranges in another order. */
export function isInOneIndex(search: Omit<Search, "statusIds">): boolean {
  return search.words.length === 0 && rangesApart(search).length === 0;
}
