import { afterAll, beforeAll, expect, test } from "vitest";
import { select } from "../src/database.ts";
import { type BoundStatement, hasPriceApart, type Search } from "../src/search-statements.ts";
import { type SortColumn, sortOrders, sorts, sortWithinYear } from "../src/sort-orders.ts";
import { type StatementName, withLines } from "../src/statements.ts";
import { visibleIds } from "../src/statuses.ts";
import { fillMany } from "./many-listings.ts";
import { type OpenListings, openListings } from "./open-listings.ts";

/** A line of EXPLAIN. */
interface Step {
  table: string | null;
  type: string | null;
  key: string | null;
  Extra: string | null;
}

let listings: OpenListings;

beforeAll(async () => {
  listings = await openListings();
  await fillMany(listings.deps.db);
});
afterAll(() => listings[Symbol.asyncDispose]());

const explain = ({ text, values }: BoundStatement) => select<Step>(listings.deps.db.pool, `EXPLAIN ${text}`, values);

/** The steps that read all of a large table or of one of its indexes. Derived tables hold a page at most. */
function fullScans(steps: Step[]): Step[] {
  const small = /^(<.*>|s|status)$/;
  return steps.filter(
    ({ table, type }) => table !== null && !small.test(table) && (type === "ALL" || type === "index"),
  );
}

/** How many rows a statement makes the server read, temporary ones included. */
async function rowsRead({ text, values }: BoundStatement): Promise<number> {
  const connection = await listings.deps.db.pool.getConnection();
  const counted = async () => {
    const rows = await select<{ Value: string }>(connection, "SHOW SESSION STATUS LIKE 'Handler_read%'", {});
    return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
  };
  try {
    await connection.execute(text, values);
    const before = await counted();
    const overhead = (await counted()) - before;
    const start = await counted();
    await connection.execute(text, values);
    return (await counted()) - start - overhead;
  } finally {
    connection.release();
  }
}

const keys: Record<SortColumn, number | Date> = {
  id: 5000,
  price: 1_020_000_000,
  year: 2000,
  date: new Date("2024-06-01"),
};

/** Every combination of filters, order and place that a request can choose. */
function everySearch(words: string[]): Search[] {
  const choices = {
    city: [undefined, "cali"],
    year: [undefined, 2000],
    status: [undefined, "vendido" as const],
    minPrice: [undefined, 1_000_000_000],
    sort: sorts,
    from: [false, true],
  };
  let all: { [F in keyof typeof choices]?: (typeof choices)[F][number] }[] = [{}];
  for (const [field, values] of Object.entries(choices)) {
    all = all.flatMap((search) => values.map((value) => ({ ...search, [field]: value })));
  }
  const distinct = all.filter(({ year, sort = "id" }) => year === undefined || sortWithinYear(sort) === sort);
  return distinct.map(({ from, minPrice, sort = "id", ...search }) => ({
    ...search,
    minPrice,
    maxPrice: minPrice && minPrice + 50_000_000,
    words,
    sort,
    after: from ? { key: keys[sortOrders[sort].column], id: 5000 } : undefined,
  }));
}

/** Asserts that a statement scans no large table, and that each slice of it uses the index that its order needs. */
async function expectIndexed(statement: BoundStatement, context: unknown): Promise<Step[]> {
  const steps = await explain(statement);
  expect(fullScans(steps), JSON.stringify({ context, steps })).toEqual([]);
  return steps;
}

test("every combination is tried", () => {
  expect(everySearch([])).toHaveLength(2 ** 4 * 7 + 2 ** 4 * 5);
});

test("a page in order is read as the next entries of one index: no sorting, no more rows than it shows", async () => {
  for (const search of everySearch([])) {
    if (hasPriceApart(search)) continue;
    const statement = listings.deps.db.searches.page(search, "order", 21);
    const steps = await expectIndexed(statement, search);
    const slices = steps.filter(({ table }) => table === "l");
    expect(slices).toHaveLength(search.status === undefined ? 3 : 1);
    for (const { Extra } of slices) expect(Extra, JSON.stringify(search)).not.toContain("filesort");
    // Of each of three slices at most 21 entries, then the union, the page and the rows of `property`.
    expect(await rowsRead(statement), JSON.stringify({ search, steps })).toBeLessThan(450);
  }
});

test("prices apart from the order are counted up to a bound, and read by their range or in order", async () => {
  for (const search of everySearch([]).filter(hasPriceApart)) {
    const { countOfPrice, page } = listings.deps.db.searches;
    const counting = countOfPrice(search, 50);
    await expectIndexed(counting, search);
    expect(await rowsRead(counting), JSON.stringify(search)).toBeLessThan(450);
    for (const { table, key, type } of await expectIndexed(page(search, "price", 21), search)) {
      if (table === "l") expect([key?.endsWith("_price"), type], JSON.stringify(search)).toEqual([true, "range"]);
    }
    for (const { table, Extra } of await expectIndexed(page(search, "order", 21), search)) {
      if (table === "l") expect(Extra, JSON.stringify(search)).not.toContain("filesort");
    }
  }
});

test.each([1, 2, 8])("%i words are looked for in a bounded slice, or by the full-text index", async (count) => {
  const words = ["casa", "helipuerto", "calle", "12", "jardin", "con", "sol", "a"].slice(0, count);
  for (const search of everySearch(words)) {
    const { scan, pageByWords } = listings.deps.db.searches;
    await expectIndexed(scan(search, "order", 100), search);
    if (hasPriceApart(search)) await expectIndexed(scan(search, "price", 100), search);
    const steps = await expectIndexed(pageByWords(search, 21), search);
    expect(steps.find(({ table }) => table === "p")?.type, JSON.stringify({ search, steps })).toBe("fulltext");
  }
});

const place = { afterDate: new Date("2024-06-01"), afterId: 5 };
const fields = { address: null, city: null, price: 1, description: null, year: null };
/** The other statements, each with values and the lines it can have. */
const others: Partial<Record<StatementName, { values: Record<string, unknown>; lines?: string[][] }>> = {
  "advance-listing": { values: { id: 7, historyId: 7 } },
  "count-likes": { values: { id: 7, ...visibleIds } },
  history: { values: { id: 7, rows: 21, ...place }, lines: [[], ["after"]] },
  "insert-listing": { values: { id: 7, historyId: 7 } },
  "is-visible": { values: { id: 7, ...visibleIds } },
  like: { values: { id: 7, account: 1, ...visibleIds } },
  liked: { values: { account: 1, rows: 21, ...visibleIds, ...place }, lines: [[], ["after"]] },
  "lock-demo": { values: {} },
  "lock-listing": { values: { id: 7 } },
  one: { values: { id: 7 } },
  "status-change": { values: { historyId: 7 } },
  unlike: { values: { id: 7, account: 1 } },
  "update-listing": { values: { id: 7, ...fields } },
  "update-property": { values: { id: 7, ...fields } },
};

test.each(Object.entries(others))("%s scans nothing", async (name, { values, lines = [[]] }) => {
  for (const chosen of lines) {
    const text = withLines(listings.deps.db.statements[name as StatementName], new Set(chosen));
    await expectIndexed({ text, values: values as BoundStatement["values"] }, name);
  }
});

test("every statement is explained here but these", () => {
  const searches = ["page", "scan", "page-by-words", "count-of-price", "slice", "slice-of-price", "filters", "after"];
  const plainInserts = ["insert-property", "insert-status"];
  // One reads a single row, the other all of them on purpose; neither serves a request.
  const filling = ["any-property", "rebuild-listings"];
  expect(Object.keys(listings.deps.db.statements).sort()).toEqual(
    [...Object.keys(others), ...searches, ...plainInserts, ...filling].sort(),
  );
});
