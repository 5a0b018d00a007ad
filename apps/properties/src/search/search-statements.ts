import {
  fill,
  numbered,
  parameters,
  type RowOf,
  type Statement,
  type Statements,
  withLines,
} from "../sql/statements.ts";
import type { Area } from "./places.ts";
import { indexFor, onlyYear, type Range, rangeColumns, type Search } from "./search-request.ts";
import { sortOrders } from "./sort-orders.ts";

/** A statement and the values for its named parameters. */
export interface BoundStatement<Row = unknown> {
  text: Statement<Row>;
  values: Record<string, string | number | Date | null>;
}

/** Max ids for `keys` and `rows`. */
export const idsAtOnce = 250;

/** Max cities, and types, of a search. */
export const maxCities = 10;

const maxStoredPrice = 999_999_999_999_999;

/** The statements of searches; each text is assembled once. */
export interface SearchStatements {
  /** The first `rows` listings of a search that one index has in order: without words, and without ranges in another order. */
  page(search: Search, rows: number): BoundStatement<RowOf<"page">>;
  /** The ids of the next `rows` listings in order, ignoring words, several cities, and ranges unless they are the order. */
  walk(search: Search, rows: number): BoundStatement<RowOf<"walk">>;
  /** The ids of listings in the price range of a search, ignoring words, several cities, several years and position; at most `rows` per status. */
  ofPrice(search: Search, rows: number): BoundStatement<RowOf<"of-price">>;
  /** Those of the given ids that match a search, ignoring its words, with their sort keys. */
  keys(search: Search, ids: number[]): BoundStatement<RowOf<"keys">>;
  /** The same, with all fields and in order. */
  rows(search: Search, ids: number[]): BoundStatement<RowOf<"rows">>;
}

/**
 * Assembles the statements of searches from `search.sql`. A request can only choose lines, the number of slices and one of the indexes of
 * `listing`; none of its input becomes part of a statement's text.
 */
export function searchStatements(statements: Statements): SearchStatements {
  const texts: { [N in SearchStatementName]: Map<string, Statements[N]> } = {
    page: new Map(),
    walk: new Map(),
    "of-price": new Map(),
    keys: new Map(),
    rows: new Map(),
  };
  const textOf = <N extends SearchStatementName>(name: N, search: Search, index = ""): Statements[N] => {
    const lines = linesOf(search);
    const key = [
      search.statusIds.length,
      search.cities.length,
      search.types.length,
      search.place?.boxes.length,
      ...lines,
    ].join(" ");
    const known = texts[name].get(key) ?? withLines(assemble(statements, name, search, index), new Set(lines));
    texts[name].set(key, known);
    return known;
  };
  const inOrder =
    <N extends SlicedName>(name: N) =>
    (search: Search, rows: number) => {
      const { covered, index } = indexUse(name, search);
      return { text: textOf(name, covered, index), values: { ...valuesOf(covered), rows } };
    };
  const ofIds =
    <N extends "keys" | "rows">(name: N) =>
    (search: Search, ids: number[]) => ({
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

type SlicedName = "page" | "walk" | "of-price";
type SearchStatementName = SlicedName | "keys" | "rows";

/** The index of a statement of slices. A page is one slice for each status and city; others have no more than the statuses. */
function indexUse(name: SlicedName, search: Search) {
  return indexFor(search, name === "of-price" ? "price" : sortOrders[search.sort].column, name === "page");
}

/** A statement with its parts filled in, one slice per requested status and city, and all optional lines. */
function assemble<N extends SearchStatementName>(
  statements: Statements,
  name: N,
  search: Search,
  index: string,
): Statements[N] {
  const distance = statements.distance.replaceAll(/\s+/g, " ");
  const filters = fill(statements.filters, { distance, boxes: boxesOf(search.place) });
  const after = fill(statements.after, { distance });
  const one = fill(statements[name === "of-price" ? "slice-of-price" : "slice"], {
    index,
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
    filters: fill(filters, {
      cities: `IN (${parameters("city", search.cities.length)})`,
      types: parameters("type", search.types.length),
    }),
    statuses: statuses.join(", "),
    after,
    distance,
    ids: parameters("id", idsAtOnce),
  });
}

/** The condition of a place that is in one of the boxes of an area. */
function boxesOf(place: Area | undefined): string {
  const boxes = place?.boxes.map(
    (_, i) => `g.lat BETWEEN :south${i + 1} AND :north${i + 1} AND g.lon BETWEEN :west${i + 1} AND :east${i + 1}`,
  );
  return boxes?.join(" OR ") || "FALSE";
}

/** The values of the parameters of an area. */
function valuesOfPlace({ boxes, circle }: Area): BoundStatement["values"] {
  const values = boxes.flatMap((box, i) => Object.entries(box).map(([side, value]) => [`${side}${i + 1}`, value]));
  return { ...Object.fromEntries(values), ...circle };
}

/** The optional lines that a search chooses. */
function linesOf(search: Search): string[] {
  const { column, descending } = sortOrders[search.sort];
  const inOneYear = onlyYear(search) !== undefined;
  return [
    column,
    descending ? "descending" : "ascending",
    ...(search.cities.length === 0 ? [] : ["city"]),
    ...(search.types.length === 0 ? [] : ["type"]),
    ...(inOneYear ? ["yearEquals"] : []),
    ...rangeColumns
      .filter((name) => search[name] !== undefined && !(name === "year" && inOneYear))
      .map((n) => `${n}Range`),
    ...(search.place === undefined ? [] : ["place"]),
    ...(search.place?.circle === undefined ? [] : ["near"]),
    ...(search.newSince === undefined ? [] : ["newSince"]),
    ...(search.after === undefined ? [] : ["after"]),
  ];
}

/** The ends of a range that is open there: those of the values of `listing`, without what stands for no value. */
export const openEnds = {
  price: { min: -maxStoredPrice, max: maxStoredPrice },
  year: { min: -32_768, max: 32_766 },
  rooms: { min: -32_768, max: 32_767 },
  area: { min: -9_999_999_999, max: 9_999_999_999 },
};

function valuesOf(search: Search): BoundStatement["values"] {
  const { cities, types, statusIds, place, newSince, after } = search;
  const ends = rangeColumns.map((column) => [column, { ...openEnds[column], ...given(search[column]) }] as const);
  return {
    ...numbered("status", statusIds, statusIds.length),
    ...numbered("city", cities, cities.length),
    ...numbered("type", types, types.length),
    ...Object.fromEntries(
      ends.flatMap(([column, { min, max }]) => [[`${column}Min`, min] as const, [`${column}Max`, max] as const]),
    ),
    ...(place === undefined ? {} : valuesOfPlace(place)),
    ...(newSince === undefined ? {} : { newSince }),
    ...(after === undefined ? {} : { afterKey: after.key, afterId: after.id }),
  };
}

function given({ min, max }: Range = {}): Range {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}
