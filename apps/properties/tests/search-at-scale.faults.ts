import { connectMysql } from "@quintet/db";
import { Problem } from "@quintet/http";
import { describe, expect, test } from "vitest";
import type { Database } from "../src/database.ts";
import { countResults, facetNames } from "../src/search/facets.ts";
import { searchProperties } from "../src/search/search.ts";
import { onlyYear, type SearchInput } from "../src/search/search-request.ts";
import { sorts, sortWithinYear } from "../src/search/sort-orders.ts";
import { wordsOf } from "../src/term-index/words.ts";
import { fillMany } from "./many-listings.ts";
import { openListings } from "./open-listings.ts";
import { readRows } from "./read-rows.ts";

/** Texts with common and rare words, words of the first and the last ids alone, and a number that each has alone. */
const texts = (count: number) => `CONCAT('Casa con jardín, cerca de colegios. Matrícula mat', LPAD(n, 9, '0'),
  IF(n MOD 500 = 0, ' helipuerto', ''), IF(n < ${count / 10}, ' antigua', ''), IF(n > ${(count * 9) / 10}, ' moderna', ''),
  IF(n MOD 2 = 0, ' par', ' impar'))`;

const choices = {
  q: [
    undefined,
    "casa",
    "helipuerto",
    "casa xyzzy",
    "antigua moderna",
    "helipuerto par",
    "c j p i 0 1 n 9",
    "mat00000",
  ],
  cities: [[], ["cali"], ["cali", "bogota", "PEREIRA"], ["atlantis"]],
  year: [undefined, { min: 2000, max: 2000 }, { min: 1990 }],
  statuses: [[], ["vendido" as const]],
  price: [undefined, { max: 20_000_000 }, { min: 1_234_567_890 }],
  sort: sorts.filter((sort) => sort !== "distance"),
};

/** A seventh of the combinations of what a request can choose, with each pair of choices among them. */
function everySearch(): SearchInput[] {
  let all: Record<string, unknown>[] = [{}];
  for (const [field, values] of Object.entries(choices)) {
    all = all.flatMap((search) =>
      values.map((value) => (value === undefined ? search : { ...search, [field]: value })),
    );
  }
  return (all as (Omit<SearchInput, "words" | "types"> & { q?: string })[])
    .map(({ q = "", ...search }) => ({ ...search, types: [], words: wordsOf(q) }))
    .filter((search) => onlyYear(search) === undefined || sortWithinYear(search.sort) === search.sort)
    .filter((_, i) => i % 7 === 0);
}

/** Rows that the session of a pool with one connection has read. */
async function rowsRead(db: Database): Promise<number> {
  const rows = await readRows<{ Value: string }>(db.pool, "SHOW SESSION STATUS LIKE 'Handler_read%'", {});
  return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
}

/** What a call reads and takes, and whether it was refused. */
async function measure(
  db: Database,
  work: () => Promise<unknown>,
): Promise<{ rows: number; ms: number; refused: boolean }> {
  const before = await rowsRead(db);
  const started = performance.now();
  const refused = await work().then(
    () => false,
    (error: unknown) => {
      if (error instanceof Problem && error.status === 422) return true;
      throw error;
    },
  );
  const ms = performance.now() - started;
  return { rows: (await rowsRead(db)) - before, ms, refused };
}

describe.each([300_000, 1_000_000])("%i listings", (count) => {
  /** Rows that a page, or the counts of all results, may read, however many listings there are. */
  const bounds = { page: 100_000, counts: 600_000 };

  test("every search reads a bounded number of rows, in its time, or is refused", async () => {
    await using listings = await openListings();
    await fillMany(listings.deps.db, count, texts(count));
    const pool = connectMysql(listings.config.MYSQL_URL, { connections: 1 });
    try {
      const db = { ...listings.deps.db, pool, searchPool: pool };
      const searches = everySearch();
      const figures = { page: [] as number[], counts: [] as number[] };
      let refused = 0;
      for (const [i, search] of searches.entries()) {
        let after: SearchInput["after"];
        const page = await measure(db, async () => {
          after = (await searchProperties(db, search, 20)).end;
        });
        const next = await measure(db, () => searchProperties(db, { ...search, after }, 20));
        const context = JSON.stringify({ search, page, next });
        for (const { rows, ms } of [page, next]) {
          expect(rows, context).toBeLessThan(bounds.page);
          expect(ms, context).toBeLessThan(10_000);
        }
        figures.page.push(page.rows, next.rows);
        if (page.refused) refused++;
        if (i % 5 > 0) continue;
        const counts = await measure(db, () => countResults(db, search, { count: "exact", facets: [...facetNames] }));
        expect(counts.rows, context).toBeLessThan(bounds.counts);
        figures.counts.push(counts.rows);
      }
      const most = (all: number[]) => Math.max(...all);
      console.log(
        `${count} listings, ${searches.length} searches: at most ${most(figures.page)} rows for a page, ` +
          `${most(figures.counts)} for counts; ${refused} refused`,
      );
      expect(refused).toBeLessThan(searches.length / 50);
    } finally {
      await pool.end();
    }
  });
});
