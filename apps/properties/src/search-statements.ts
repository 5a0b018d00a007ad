import { type Place, type Sort, sortOrders } from "./sort-orders.ts";
import { fill, numbered, parameters, type Statements, withLines } from "./statements.ts";
import { statusIds, type VisibleStatus, visibleIds } from "./statuses.ts";

/** What is looked for. `words`, folded, must each begin a word of the address or the description. `sort` is never by year within one year. */
export interface Search {
  city?: string | undefined;
  year?: number | undefined;
  status?: VisibleStatus | undefined;
  minPrice?: number | undefined;
  maxPrice?: number | undefined;
  words: string[];
  sort: Sort;
  after?: Place | undefined;
}

/** A statement and the values for its named parameters. */
export interface BoundStatement {
  text: string;
  values: Record<string, string | number | Date>;
}

/** How many ids `keys` and `rows` take at once. */
export const idsAtOnce = 250;

/** The statements of a search, each text put together once. */
export interface SearchStatements {
  /** The first `rows` listings of a search without words, whose prices are not apart from its order. */
  page(search: Search, rows: number): BoundStatement;
  /** The ids of the next `rows` listings in order, words left out, and prices too where they are apart from the order. */
  walk(search: Search, rows: number): BoundStatement;
  /** The ids of listings of a search, its words and its place left out, `rows` of each status at most. */
  ofPrice(search: Search, rows: number): BoundStatement;
  /** Of some ids, those of a search, its words left out, with what they are sorted by. */
  keys(search: Search, ids: number[]): BoundStatement;
  /** The same with all fields, in order. */
  rows(search: Search, ids: number[]): BoundStatement;
}

/**
 * Puts the statements of searches together out of the lines of the `.sql` files. A request can only choose lines and one
 * of the indexes of `listing`; nothing it sends becomes text of a statement.
 */
export function searchStatements(statements: Statements): SearchStatements {
  const texts = new Map<string, string>();
  const textOf = (name: SearchStatementName, search: Search): string => {
    const lines = linesOf(search, name !== "walk" || !hasPriceApart(search));
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

/** Whether a search asks for prices while its order is another than theirs. */
export function hasPriceApart({ minPrice, maxPrice, sort }: Search): boolean {
  return (minPrice !== undefined || maxPrice !== undefined) && sortOrders[sort].column !== "price";
}

/** A statement with its parts filled in, one slice for each status that is asked for, and all optional lines. */
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

/** The index of `listing` with the equal columns first, and then the order or the price. */
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
