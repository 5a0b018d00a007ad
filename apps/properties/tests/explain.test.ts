import { afterAll, beforeAll, expect, test } from "vitest";
import { isInOneIndex, onlyYear, type Search } from "../src/search/search-request.ts";
import { type BoundStatement, idsAtOnce } from "../src/search/search-statements.ts";
import { type SortColumn, sortOrders, sorts, sortWithinYear } from "../src/search/sort-orders.ts";
import { fill, numbered, parameters, type StatementName, withLines } from "../src/sql/statements.ts";
import { fillMany } from "./many-listings.ts";
import { type OpenListings, openListings } from "./open-listings.ts";
import { readRows } from "./read-rows.ts";

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

const explain = ({ text, values }: BoundStatement) =>
  readRows<Step>(listings.deps.db.pool, `EXPLAIN ${fill(text, { optional: "" })}`, values);

/** The steps that read all of a large table or of one of its indexes. Derived tables hold a page at most. */
function fullScans(steps: Step[]): Step[] {
  const small = /^(<.*>|s|status)$/;
  return steps.filter(
    ({ table, type }) => table !== null && !small.test(table) && (type === "ALL" || type === "index"),
  );
}

/** How many rows a statement makes the server read, temporary ones included. */
async function rowsRead({ text: statement, values }: BoundStatement): Promise<number> {
  const text = fill(statement, { optional: "" });
  const connection = await listings.deps.db.pool.getConnection();
  const counted = async () => {
    const rows = await readRows<{ Value: string }>(connection, "SHOW SESSION STATUS LIKE 'Handler_read%'", {});
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
  distance: 1,
};

/** Every combination of filters, order and place that a request can choose. */
function everySearch(): Search[] {
  const choices = {
    cities: [[], ["cali"], ["cali", "bogota", "BOGOTA"]],
    year: [undefined, { min: 2000, max: 2000 }, { min: 1990, max: 2000 }],
    statusIds: [[3, 4, 5], [5]],
    price: [undefined, { min: 1_000_000_000, max: 1_050_000_000 }],
    sort: sorts.filter((sort) => sort !== "distance"),
    from: [false, true],
  };
  let all: { [F in keyof typeof choices]?: (typeof choices)[F][number] }[] = [{}];
  for (const [field, values] of Object.entries(choices)) {
    all = all.flatMap((search) => values.map((value) => ({ ...search, [field]: value })));
  }
  return all
    .map(
      ({ cities = [], statusIds = [], year, price, sort = "id", from }): Search => ({
        cities,
        types: [],
        statusIds,
        ...(year ? { year } : {}),
        ...(price ? { price } : {}),
        words: [],
        sort,
        after: from ? { key: keys[sortOrders[sort].column], id: 5000 } : undefined,
      }),
    )
    .filter((search) => onlyYear(search) === undefined || sortWithinYear(search.sort) === search.sort);
}

/** Asserts that a statement scans no large table, and that each slice of it uses the index that its order needs. */
async function expectIndexed(statement: BoundStatement, context: unknown): Promise<Step[]> {
  const steps = await explain(statement);
  expect(fullScans(steps), JSON.stringify({ context, steps })).toEqual([]);
  return steps;
}

test("every combination is tried", () => {
  expect(everySearch()).toHaveLength(3 * 2 ** 3 * (7 + 5 + 7));
});

test("a page in order is read as the next entries of one index: no sorting, no more rows than it shows", async () => {
  for (const search of everySearch().filter(isInOneIndex)) {
    const statement = listings.deps.db.searches.page(search, 21);
    const steps = await expectIndexed(statement, search);
    const slices = steps.filter(({ table }) => table === "l");
    const wanted = search.statusIds.length * Math.max(1, search.cities.length);
    expect(slices).toHaveLength(wanted);
    for (const { Extra } of slices) expect(Extra, JSON.stringify(search)).not.toContain("filesort");
    // Of each slice at most 21 entries, each written, sorted and read, then the page and the rows of `property`.
    expect(await rowsRead(statement), JSON.stringify({ search, steps })).toBeLessThan(wanted * 21 * 6 + 130);
  }
});

test("a walk, the prices of a range and the listings of some ids read no more than they are asked for", async () => {
  const ids = Array.from({ length: idsAtOnce }, (_, i) => 1 + i * 37);
  // The slices are those of a page, which are all tried above.
  for (const search of everySearch().filter((_, i) => i % 13 === 0)) {
    const { walk, ofPrice, keys, rows } = listings.deps.db.searches;
    for (const { table, Extra } of await expectIndexed(walk(search, 100), search)) {
      if (table === "l") expect(Extra, JSON.stringify(search)).not.toContain("filesort");
    }
    expect(await rowsRead(walk(search, 100)), JSON.stringify(search)).toBeLessThan(3 * 100 * 3);
    if (search.price !== undefined) {
      for (const { table, key, type } of await expectIndexed(ofPrice(search, 50), search)) {
        if (table === "l") expect([key?.endsWith("_price"), type], JSON.stringify(search)).toEqual([true, "range"]);
      }
      expect(await rowsRead(ofPrice(search, 50)), JSON.stringify(search)).toBeLessThan(450);
    }
    for (const statement of [keys(search, ids), rows(search, ids)]) {
      await expectIndexed(statement, search);
      expect(await rowsRead(statement), JSON.stringify(search)).toBeLessThan(idsAtOnce * 5);
    }
  }
});

const visibleIds = numbered("status", [3, 4, 5], 16);
const place = { afterDate: new Date("2024-06-01"), afterId: 5 };
const fields = { address: null, city: null, price: 1, description: null, year: null };
/** The other statements, each with values and the lines it can have. */
const others: Partial<Record<StatementName, { values: Record<string, unknown>; lines?: string[][] }>> = {
  "build-progress": { values: {} },
  "built-until": { values: { nextId: 1, complete: 1, made: 1, total: 1 } },
  "count-block": { values: { first: 0, end: 4096 } },
  changes: { values: { after: 0, rows: 10 } },
  "changes-left": { values: numbered("seq", [1], 256) },
  current: { values: { most: 10 } },
  "drop-listings": { values: numbered("id", [7], 256) },
  existing: { values: numbered("id", [7], 256) },
  "indexed-fields": { values: numbered("id", [7], 256) },
  "lock-build": { values: {} },
  "next-counted": { values: { from: 7 } },
  "recount-likes": { values: { id: 7 } },
  "next-property": { values: { from: 7 } },
  "remove-changes": { values: numbered("seq", [1], 256) },
  "source-rows": {
    values: { ...numbered("id", [7], 256), first: 0, end: 10, dated: 1 },
    lines: [
      ["noRooms", "noArea", "noType", "ids"],
      ["noRooms", "noArea", "noType", "block"],
    ],
  },
  statuses: { values: {} },
  followed: { values: { most: 10 } },
  "last-history": { values: {} },
  "new-history": { values: { after: 7, rows: 10 } },
  "next-compared": { values: { from: 7 } },
  "terms-of-member": { values: { block: 0, byte: 1, bit: 1, pair: Buffer.from("!A") } },
  texts: { values: numbered("id", [7], 256) },
  "block-done": { values: { block: 0 } },
  "block-ready": { values: { block: 0 } },
  "text-key": { values: { text: "cali" } },
  "city-weight": { values: { text: "cali" } },
  "prices-of-block": { values: { first: 0, end: 4096 } },
  "cities-of-block": { values: { first: 0, end: 4096 } },
  "clear-block": { values: { block: 0 } },
  "lock-index": { values: {} },
  "read-block": { values: { first: 0, end: 4096, rows: 10 } },
  "read-terms": { values: { from: "c", to: "d", rows: 10 }, lines: [["ascending"], ["descending"]] },
  "facet-rows": { values: numbered("id", [7], 256) },
  "drop-terms": { values: { block: 0, ...numbered("term", ["a"], 50) } },
  "remove-terms": { values: { block: 0, byte: 1, keep: 1, pair: Buffer.from("!A"), ...numbered("term", ["a"], 50) } },
  "take-block": { values: {} },
  "unlock-index": { values: {} },
  "unready-blocks": { values: { rows: 10 } },
  "change-likes": { values: { id: 7, change: 1 } },
  "count-likes": { values: { id: 7, ...visibleIds } },
  "has-like": { values: { id: 7, account: 1 } },
  "likes-of": { values: { account: 1, ...numbered("id", [7], 256) } },
  "most-liked": { values: { rows: 21, ...visibleIds, afterLikes: 1, afterId: 5 }, lines: [[], ["after"]] },
  history: { values: { id: 7, rows: 21, ...place }, lines: [[], ["after"]] },
  "is-visible": { values: { id: 7, ...visibleIds } },
  like: { values: { id: 7, account: 1, ...visibleIds } },
  liked: { values: { account: 1, rows: 21, ...visibleIds, ...place }, lines: [[], ["after"]] },
  "lock-demo": { values: {} },
  "lock-property": { values: { id: 7 } },
  "latest-date": { values: { id: 7 } },
  one: { values: { id: 7 } },
  "drop-prices": { values: numbered("id", [7], 256) },
  "listed-price": { values: { id: 7 } },
  priced: { values: numbered("id", [7], 256) },
  prices: { values: { id: 7, afterId: 5, rows: 21 }, lines: [[], ["after"]] },
  "drop-places": { values: numbered("id", [7], 256) },
  "gone-places": {
    values: { ...numbered("id", [7], 256), first: 0, end: 10 },
    lines: [
      ["ids", "nowhere"],
      ["block", "somewhere"],
    ],
  },
  seen: { values: { since: new Date("2024-06-01"), before: new Date("2024-07-01"), rows: 10 } },
  "any-notified": { values: {} },
  "change-search": { values: { id: 1, account: 1, name: null, query: null, notify: 0, lookedAt: null } },
  "count-searches": { values: { account: 1 } },
  "drop-digests": { values: numbered("id", [1], 256) },
  "drop-open-digest": { values: { id: 1 } },
  "drop-search": { values: { id: 1, account: 1 } },
  "due-digests": { values: { seconds: 60, rows: 10 } },
  "newest-seen": { values: { since: new Date("2024-06-01"), rows: 10 } },
  "notified-searches": { values: { after: 1, rows: 10 } },
  "own-search": { values: { id: 1, account: 1 } },
  "own-searches": { values: { account: 1, before: 100, rows: 10 } },
  "remove-search-changes": { values: numbered("seq", [1], 256) },
  "seal-digests": { values: { batch: "a", ...numbered("id", [1], 256) } },
  "sealed-digests": { values: { rows: 10 } },
  "sent-batch": { values: { batch: "a" } },
  time: { values: {} },
  watched: { values: numbered("id", [7], 256) },
  places: { values: { lat: 4, lon: -74, box: "LINESTRING(-75 4, -74 5)", rows: 10 } },
  "status-change": { values: { historyId: 7 } },
  "delete-query": { values: { name: "a" } },
  "saved-query": { values: { name: "a" } },
  "saved-queries": { values: { after: "a", rows: 10 }, lines: [[], ["public"]] },
  restore: { values: { id: 7 } },
  withdrawn: { values: { rows: 21, ...place }, lines: [[], ["after"]] },
  unlike: { values: { id: 7, account: 1 } },
  "update-property": { values: { id: 7, ...fields } },
};

test.each(Object.entries(others))("%s scans nothing", async (name, { values, lines = [[]] }) => {
  for (const chosen of lines) {
    const parts = {
      terms: parameters("term", 50),
      statuses: parameters("status", 16),
      ids: parameters("id", 256),
      seqs: parameters("seq", 256),
      distance: listings.deps.db.statements.distance,
    };
    const text = fill(withLines(listings.deps.db.statements[name as StatementName], new Set(chosen)), parts);
    await expectIndexed({ text, values: values as BoundStatement["values"] }, name);
  }
});

test("every statement is explained here but these", () => {
  const searches = ["page", "walk", "of-price", "keys", "rows", "slice", "slice-of-price", "filters", "after"];
  const parts = ["distance", "optional-columns", "source-places"];
  const plainInserts = [
    "insert-properties",
    "insert-property",
    "insert-statuses",
    "insert-status",
    "add-change",
    "add-changes",
    "add-terms",
    "fill-block",
    "lock-block",
    "lock-likes",
    "save-query",
    "withdraw",
    "unready-block",
    "lock-owner",
    "add-search",
    "add-search-changes",
    "add-matches",
    "copy-listings",
    "copy-places",
    "add-prices",
  ];
  // Some read all rows of a part of a table on purpose; none serves a request.
  const filling = [
    ...["any-property", "rebuild-listings", "mark-blocks", "count-properties", "listing-columns", "find-triggers"],
    ...Object.keys(listings.deps.db.statements).filter((name) => name.startsWith("trigger-")),
    ...["differences", "place-differences", "columns", "earlier-version", "index-columns", "wrong-counts"],
    "readable-tables",
    "search-changes",
    "discard-search-changes",
    "count-some",
    "statistics",
    ...["count-all", "odd-properties", "without-history", "odd-history", "block-versions"],
  ];
  expect(Object.keys(listings.deps.db.statements).sort()).toEqual(
    [...Object.keys(others), ...searches, ...parts, ...plainInserts, ...filling].sort(),
  );
});
