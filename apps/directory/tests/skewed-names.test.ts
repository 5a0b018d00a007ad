import { connectPostgres, type PostgresSql } from "@quintet/db";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { searchUsers } from "../src/search/search.ts";
import { splitWords } from "../src/search/search-words.ts";
import { faultPaths, type Installation, openDirectory } from "./installation.ts";

/*
 * 110,000 users whose first and last names depend on each other: 30,000 bear the first name Qtest and 30,000 others the
 * last name Qzfam; of 30,000 Qalpha and 30,000 Qbeta there are 10,000 who are both. One last Qtest is a Qzfam.
 */
let directory: Installation;
beforeAll(async () => {
  directory = await openDirectory();
  const sql = connectPostgres(directory.postgresUrl, { statementSeconds: 0 });
  await sql.begin(async (tx) => {
    await tx`SELECT set_config('directory.bulk', 'on', true)`;
    await tx`
      INSERT INTO directory.users (first_name, last_name, email)
      SELECT
        CASE WHEN part < 3 THEN 'Qtest' WHEN part BETWEEN 6 AND 8 THEN 'Qbeta' ELSE 'Per' || n % 997 END,
        CASE WHEN part < 3 OR part IN (6, 7) THEN 'Oth' || n % 991 WHEN part < 6 THEN 'Qzfam' ELSE 'Qalpha' END,
        n || '@example.com'
      FROM (SELECT n, n % 11 AS part FROM generate_series(0, 109999) AS n) AS parts`;
    await tx`INSERT INTO directory.users (first_name, last_name, email) VALUES ('Qtest', 'Zz Qzfam', 'late@example.com')`;
    await tx`SELECT directory.recount_names()`;
  });
  await sql`VACUUM (ANALYZE) directory.users, directory.last_names, directory.first_names`;
  await sql.end();
});
afterAll(() => directory[Symbol.asyncDispose]());

const firstPage = (name: string, sql: PostgresSql = directory.deps.searches) =>
  searchUsers(sql, { words: splitWords(name), limit: 15, start: { page: 1 } });

describe("a total", () => {
  it.each([
    ["qtest", 30_001],
    ["qzfam", 30_001],
    ["qtest qzfam", 1],
    ["qtest qalpha", 0],
    ["q a z", 30_001],
    ["qalpha qbeta", 10_000],
    ["a b", 30_000],
    ["qt oth", 30_000],
    ["qb oth", 20_000],
    ["per q", 50_000],
    ["q", 110_001],
    ["e", 110_001],
    ["e q", 110_001],
    ["q e t b", 30_000],
    ["o q e t", 50_000],
  ])("of %j is exact up to 10,000, and near %i else", async (name, expected) => {
    const { total, totalIsExact } = await firstPage(name);
    if (expected <= 10_000) expect(totalIsExact).toBe(true);
    if (totalIsExact) expect(total).toBe(expected);
    expect(Math.abs(total - expected)).toBeLessThanOrEqual(expected / 10);
  });

  it("is 0 for an empty table", async () => {
    for (const name of ["qtest qalpha", "qzfam qbeta", "q w"]) {
      const page = await directory.anyone("GET", `/directory/search?name=${encodeURIComponent(name)}`);
      expect(page.text).toContain(`No person matches “${name}”.`);
      expect(page.text).not.toContain("<table>");
    }
  });

  it("makes no link to a last page while it is an estimate", async () => {
    const { text } = await directory.anyone("GET", "/directory/search?name=q");
    expect(text).toMatch(/About [\d,]+ people found/);
    const pages = [...text.matchAll(/page_num=(\d+)/g)].map(([, number]) => Number(number));
    expect([Math.min(...pages), Math.max(...pages)]).toEqual([1, 11]);
  });

  it("is exact on the last page, whatever was estimated", async () => {
    const { total, totalIsExact } = await searchUsers(directory.deps.searches, {
      words: ["q"],
      limit: 100,
      start: { page: 1101 },
    });
    expect([total, totalIsExact]).toEqual([110_001, true]);
  });
});

describe("a first page", () => {
  it("finds users whose words occur together only at the end of the order", async () => {
    const { users, next } = await firstPage("qtest qzfam");
    expect([users.map((user) => user.email), next]).toEqual([["late@example.com"], null]);
  });

  /** How many rows of tables and entries of indexes a search reads, as Postgres counts them. */
  async function rowsRead(name: string): Promise<number> {
    await using stack = new AsyncDisposableStack();
    const sql = connectPostgres(directory.postgresUrl, {
      connections: 1,
      settings: { plan_cache_mode: "force_custom_plan" },
    });
    stack.defer(() => sql.end());
    return await sql.begin(async (tx) => {
      const counted = async () => {
        const [row] = await tx<{ rows: number }[]>`
          SELECT sum(pg_stat_get_xact_tuples_returned(oid))::int AS rows FROM pg_class
          WHERE relnamespace = 'directory'::regnamespace`;
        return row?.rows ?? 0;
      };
      const before = await counted();
      await firstPage(name, tx as unknown as PostgresSql);
      return (await counted()) - before;
    });
  }

  it.each(["q", "e", "a b", "qt oth", "e q t", "o q e t", "qtest", "per", "q w", "a e i o n r s l"])(
    "of %j reads a small part of all rows",
    async (name) => {
      expect(await rowsRead(name)).toBeLessThan(27_500);
    },
  );

  it.each(["qtest qzfam", "qtest qalpha", "qalpha qbeta", "q z f a m t e s"])(
    "of %j, which hardly meet, reads no more than some times the users of one word",
    async (name) => {
      expect(await rowsRead(name)).toBeLessThan(3 * 30_000);
    },
  );
});

it("refuses a numbered page that is too deep, and says what to do", async () => {
  const { postgres: sql } = directory.deps;
  // As many users as nobody wants to make for a test: they are counted, but not there.
  await sql`INSERT INTO directory.last_name_prefixes (prefix, users) VALUES ('~~', 5000000)`;
  try {
    const deep = await directory.anyone("GET", "/directory/users?name=q%20e&page=73400");
    expect([deep.status, ...faultPaths(deep)]).toEqual([400, "page"]);
    expect(deep.text).toContain("use nextCursor");
    expect((await directory.anyone("GET", "/directory/users?name=q%20e&page=5000")).status).toBe(200);
  } finally {
    await sql`DELETE FROM directory.last_name_prefixes WHERE prefix = '~~'`;
  }
});
