import { fill, numbered, parameters, type Statements, withLines } from "../sql/statements.ts";
import { onlyYear, rangeColumns, rangesApart, type Search } from "./search-request.ts";
import { sortOrders } from "./sort-orders.ts";

/** A statement and the values for its named parameters. */
export interface BoundStatement {
  text: string;
  values: Record<string, string | number | Date | null>;
}

/** Max ids for `keys` and `rows`. */
export const idsAtOnce = 250;

/** Max cities of a search. */
export const maxCities = 10;

/** The statements of searches; each text is assembled once. */
export interface SearchStatements {
  /** The first `rows` listings of a search that one index has in order: without words, and without ranges in another order. */
  page(search: Search, rows: number): BoundStatement;
  /** The ids of the next `rows` listings in order, ignoring words, several cities, and ranges unless they are the order. */
  walk(search: Search, rows: number): BoundStatement;
  /** The ids of listings in the price range of a search, ignoring words, several cities, several years and position; at most `rows` per status. */
  ofPrice(search: Search, rows: number): BoundStatement;
  /** Those of the given ids that match a search, ignoring its words, with their sort keys. */
  keys(search: Search, ids: number[]): BoundStatement;
  /** The same, with all fields and in order. */
  rows(search: Search, ids: number[]): BoundStatement;
}

/**
 * Assembles the statements of searches from `search.sql`. A request can only choose lines, the number of slices and one of the indexes of
 * `listing`; none of its input becomes part of a statement's text.
 */
export function searchStatements(statements: Statements): SearchStatements {
  const texts = new Map<string, string>();
  const textOf = (name: SearchStatementName, search: Search): string => {
    const lines = linesOf(search);
    const key = [name, search.statusIds.length, search.cities.length, ...lines].join(" ");
    const known = texts.get(key) ?? withLines(assemble(statements, name, search), new Set(lines));
    texts.set(key, known);
    return known;
  };
  const inOrder = (name: "page" | "walk" | "of-price") => (search: Search, rows: number) => {
    const sliced = slicedBy(name, search);
    return { text: textOf(name, sliced), values: { ...valuesOf(sliced), rows } };
  };
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

/** What the slices of a statement regard of a search: for a page all of it, otherwise what is in their index, so that they read no other entries. */
function slicedBy(name: SearchStatementName, search: Search): Search {
  if (name === "page") return search;
  const cities = search.cities.length > 1 ? [] : search.cities;
  const apart = name === "walk" ? rangesApart(search) : onlyYear(search) === undefined ? (["year"] as const) : [];
  return { ...search, cities, ...Object.fromEntries(apart.map((column) => [column, undefined])) };
}

/** A statement with its parts filled in, one slice per requested status and city, and all optional lines. */
function assemble(statements: Statements, name: SearchStatementName, search: Search): string {
  const { filters, after } = statements;
  const one = fill(statements[name === "of-price" ? "slice-of-price" : "slice"], {
    index: indexOf(search, name === "of-price"),
    filters: fill(filters, { cities: "= :city" }),
    after,
  });
  const statuses = search.statusIds.map((_, i) => `:status${i + 1}`);
  const cities = search.cities.length === 0 ? [""] : search.cities.map((_, i) => `:city${i + 1}`);
  const slices = statuses.flatMap((status) =>
    cities.map((city) => `(${one.replace(":status", status).replace(":city", city)})`),
  );
  return fill(statements[name], {
    // Two spellings of one city have the same listings.
    slices: slices.join(`\nUNION ${cities.length > 1 ? "DISTINCT" : "ALL"}\n`),
    filters: fill(filters, { cities: `IN (${parameters("city", search.cities.length)})` }),
    statuses: statuses.join(", "),
    after,
    ids: parameters("id", idsAtOnce),
  });
}

/** The index of `listing` with the equality columns first, then the order or the price. */
function indexOf(search: Search, byPrice: boolean): string {
  const { cities, sort } = search;
  const equal = `by${cities.length === 0 ? "" : "_city"}${onlyYear(search) === undefined ? "" : "_year"}`;
  if (byPrice) return `${equal}_price`;
  return equal + { id: "_id", price: "_price", date: "_date", year: "_year_id" }[sortOrders[sort].column];
}

/** The optional lines that a search chooses. */
function linesOf(search: Search): string[] {
  const { column, descending } = sortOrders[search.sort];
  const inOneYear = onlyYear(search) !== undefined;
  return [
    column,
    descending ? "descending" : "ascending",
    ...(search.cities.length === 0 ? [] : ["city"]),
    ...(inOneYear ? ["yearEquals"] : []),
    ...rangeColumns.filter((name) => search[name] !== undefined && !(name === "year" && inOneYear)).map((n) => `${n}s`),
    ...(search.after === undefined ? [] : ["after"]),
  ];
}

function valuesOf(search: Search): BoundStatement["values"] {
  const { cities, price, year, after } = search;
  return {
    ...numbered("status", search.statusIds, search.statusIds.length),
    ...numbered("city", cities, cities.length),
    minYear: year?.min ?? 0,
    maxYear: year?.max ?? maxYear,
    minPrice: price?.min ?? 0,
    maxPrice: price?.max ?? Number.MAX_SAFE_INTEGER,
    ...(after === undefined ? {} : { afterKey: after.key, afterId: after.id }),
  };
}

const maxYear = 9999;
