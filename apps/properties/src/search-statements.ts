import { fullTextQuery, separators, wordPatterns } from "./search-words.ts";
import { type Place, type Sort, sortOrders } from "./sort-orders.ts";
import { type Statements, withLines } from "./statements.ts";
import { statusIds, type VisibleStatus, visibleIds } from "./statuses.ts";

/** What is looked for. `words` must each begin a word of the address or the description. `sort` is never by year within one year. */
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

/** Which index of `listing` a page is read through: that of its order, or that of the price, whose entries are then sorted. */
export type Through = "order" | "price";

/** The statements of a search, each text put together once. */
export interface SearchStatements {
  /** The first `rows` listings of a search, its words left out. */
  page(search: Search, through: Through, rows: number): BoundStatement;
  /** Of these, the ones that have the words, and the last. */
  scan(search: Search, through: Through, rows: number): BoundStatement;
  /** The first `rows` listings of a search with its words, by the full-text index. */
  pageByWords(search: Search, rows: number): BoundStatement;
  /** How many listings there are of a search, its words left out, counting `rows` of each status at most. */
  countOfPrice(search: Search, rows: number): BoundStatement;
}

type SearchStatementName = "page" | "scan" | "page-by-words" | "count-of-price";

/**
 * Puts the statements of searches together out of the lines of the `.sql` files. A request can only choose lines and one
 * of the indexes of `listing`; nothing it sends becomes text of a statement.
 */
export function searchStatements(statements: Statements): SearchStatements {
  const texts = new Map<string, string>();
  const textOf = (name: SearchStatementName, search: Search, through: Through, words: object = {}): string => {
    const lines = [...linesOf(search), ...Object.keys(words)];
    const key = [name, through, search.status === undefined, ...lines].join(" ");
    const known = texts.get(key) ?? withLines(assemble(statements, name, search, through), new Set(lines));
    texts.set(key, known);
    return known;
  };
  return {
    page: (search, through, rows) => ({
      text: textOf("page", search, through),
      values: { ...valuesOf(search), rows },
    }),
    scan: (search, through, rows) => {
      const words = wordPatterns(search.words);
      return {
        text: textOf("scan", search, through, words),
        values: { ...valuesOf(search), ...words, separators, rows },
      };
    },
    pageByWords: (search, rows) => {
      const words = wordPatterns(search.words);
      return {
        text: textOf("page-by-words", search, "order", words),
        values: { ...valuesOf(search), ...words, separators, words: fullTextQuery(search.words), rows },
      };
    },
    countOfPrice: (search, rows) => ({
      text: textOf("count-of-price", search, "price"),
      values: { ...valuesOf(search), rows },
    }),
  };
}

/** Whether a search asks for prices while its order is another than theirs. */
export function hasPriceApart({ minPrice, maxPrice, sort }: Search): boolean {
  return (minPrice !== undefined || maxPrice !== undefined) && sortOrders[sort].column !== "price";
}

/** A statement with its parts filled in, one slice for each status that is asked for, and all optional lines. */
function assemble(statements: Statements, name: SearchStatementName, search: Search, through: Through): string {
  const fill = (text: string, parts: Record<string, string>) =>
    text.replaceAll(/\{(\w+)\}/g, (whole, part: string) => parts[part] ?? whole);
  const { filters, after } = statements;
  const one = fill(statements[name === "count-of-price" ? "slice-of-price" : "slice"], {
    index: indexOf(search, through),
    filters,
    after,
  });
  const numbers = search.status === undefined ? [1, 2, 3] : [1];
  const slices = numbers.map((number) => `(${one.replace(":status", `:status${number}`)})`).join("\nUNION ALL\n");
  return fill(statements[name], { slices, filters, after });
}

/** The index of `listing` with the equal columns first, and then the order or the price. */
function indexOf({ city, year, sort }: Search, through: Through): string {
  const equal = `by${city === undefined ? "" : "_city"}${year === undefined ? "" : "_year"}`;
  if (through === "price") return `${equal}_price`;
  return equal + { id: "_id", price: "_price", date: "_date", year: "_year_id" }[sortOrders[sort].column];
}

/** The optional lines that a search chooses. */
function linesOf({ city, year, minPrice, maxPrice, after, sort }: Search): string[] {
  const { column, descending } = sortOrders[sort];
  return [
    column,
    descending ? "descending" : "ascending",
    ...(city === undefined ? [] : ["city"]),
    ...(year === undefined ? [] : ["yearEquals"]),
    ...(minPrice === undefined && maxPrice === undefined ? [] : ["prices"]),
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
