import { statusIds, type VisibleStatus, visibleIds } from "../properties/statuses.ts";
import { fill, numbered, parameters, type Statements, withLines } from "../sql/statements.ts";
import { type Sort, type SortPosition, sortOrders } from "./sort-orders.ts";

/** A search. Each of the folded `words` must be the beginning of a word of the address or the description. `sort` is never by year when `year` is set. */
export interface Search {
  city?: string | undefined;
  year?: number | undefined;
  status?: VisibleStatus | undefined;
  minPrice?: number | undefined;
  maxPrice?: number | undefined;
  words: string[];
  sort: Sort;
  after?: SortPosition | undefined;
}

/** A statement and the values for its named parameters. */
export interface BoundStatement {
  text: string;
  values: Record<string, string | number | Date>;
}

/** Max ids for `keys` and `rows`. */
export const idsAtOnce = 250;

/** The statements of searches; each text is assembled once. */
export interface SearchStatements {
  /** The first `rows` listings of a search without words, and without prices in another order. */
  page(search: Search, rows: number): BoundStatement;
  /** The ids of the next `rows` listings in order, ignoring words, and prices unless they are the order. */
  walk(search: Search, rows: number): BoundStatement;
  /** The ids of listings of a search, ignoring its words and position; at most `rows` per status. */
  ofPrice(search: Search, rows: number): BoundStatement;
  /** Those of the given ids that match a search, ignoring its words, with their sort keys. */
  keys(search: Search, ids: number[]): BoundStatement;
  /** The same, with all fields and in order. */
  rows(search: Search, ids: number[]): BoundStatement;
}

/**
 * Assembles the statements of searches from `search.sql`. A request can only choose lines and one of the indexes of `listing`; none of its
 * input becomes part of a statement's text.
 */
export function searchStatements(statements: Statements): SearchStatements {
  const texts = new Map<string, string>();
  const textOf = (name: SearchStatementName, search: Search): string => {
    const lines = linesOf(search, name !== "walk" || !filtersOtherPrice(search));
    const key = [name, search.status === undefined, ...lines].join(" ");
    const known = texts.get(key) ?? withLines(assemble(statements, name, search), new Set(lines));
    texts.set(key, known);
    return known;
  };
  const inOrder = (name: "page" | "walk" | "of-price") => (search: Search, rows: number) => ({
    text: textOf(name, search),
    values: { ...valuesOf(search), rows },
  });
  const ofIds = (name: "keys" | "rows") => (search: Search, ids: number[]) => ({
    text: textOf(name, search),
    values: { ...valuesOf(search), ...numbered("id", ids, idsAtOnce) },
  });
  return {
    page: inOrder("page"),
    walk: inOrder("walk"),
    ofPrice: inOrder("of-price"),
    keys: ofIds("keys"),
    rows: ofIds("rows"),
  };
}

type SearchStatementName = "page" | "walk" | "of-price" | "keys" | "rows";

/** Whether a search filters by price but is sorted by something else. */
export function filtersOtherPrice({ minPrice, maxPrice, sort }: Search): boolean {
  return (minPrice !== undefined || maxPrice !== undefined) && sortOrders[sort].column !== "price";
}

/** A statement with its parts filled in, one slice per requested status, and all optional lines. */
function assemble(statements: Statements, name: SearchStatementName, search: Search): string {
  const { filters, after } = statements;
  const one = fill(statements[name === "of-price" ? "slice-of-price" : "slice"], {
    index: indexOf(search, name === "of-price"),
    filters,
    after,
  });
  const numbers = search.status === undefined ? [1, 2, 3] : [1];
  const slices = numbers.map((number) => `(${one.replace(":status", `:status${number}`)})`).join("\nUNION ALL\n");
  return fill(statements[name], { slices, filters, after, ids: parameters("id", idsAtOnce) });
}

/** The index of `listing` with the equality columns first, then the order or the price. */
function indexOf({ city, year, sort }: Search, byPrice: boolean): string {
  const equal = `by${city === undefined ? "" : "_city"}${year === undefined ? "" : "_year"}`;
  if (byPrice) return `${equal}_price`;
  return equal + { id: "_id", price: "_price", date: "_date", year: "_year_id" }[sortOrders[sort].column];
}

/** The optional lines that a search chooses. */
function linesOf({ city, year, minPrice, maxPrice, after, sort }: Search, withPrices: boolean): string[] {
  const { column, descending } = sortOrders[sort];
  const hasPrices = minPrice !== undefined || maxPrice !== undefined;
  return [
    column,
    descending ? "descending" : "ascending",
    ...(city === undefined ? [] : ["city"]),
    ...(year === undefined ? [] : ["yearEquals"]),
    ...(hasPrices && withPrices ? ["prices"] : []),
    ...(after === undefined ? [] : ["after"]),
  ];
}

function valuesOf({ city, year, status, minPrice, maxPrice, after }: Search): BoundStatement["values"] {
  const id = status === undefined ? undefined : statusIds[status];
  return {
    ...(id === undefined ? visibleIds : { status1: id, status2: id, status3: id }),
    ...(city === undefined ? {} : { city }),
    ...(year === undefined ? {} : { year }),
    minPrice: minPrice ?? 0,
    maxPrice: maxPrice ?? Number.MAX_SAFE_INTEGER,
    ...(after === undefined ? {} : { afterKey: after.key, afterId: after.id }),
  };
}
