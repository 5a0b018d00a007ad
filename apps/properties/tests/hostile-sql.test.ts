import { inReadOnlySession, readStatement, StatementFault } from "@quintet/db";
import { afterAll, beforeAll, expect, it } from "vitest";
import { hostile, type Layer } from "./hostile-statements.ts";
import { type OpenListings, openListings } from "./open-listings.ts";
import { openReader, type TestReader } from "./open-reader.ts";

let listings: OpenListings;
let reader: TestReader;

beforeAll(async () => {
  listings = await openListings();
  for (const year of [2001, 2002, 2003]) await listings.create({ year });
  reader = await openReader(listings);
});
afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  await listings[Symbol.asyncDispose]();
});

const all = Object.entries(hostile).flatMap(([held, statements]) =>
  statements.map((sql) => [sql, held as Layer] as const),
);
const state = async () => {
  const count = async (table: string) => (await listings.deps.mysql.query(`CHECKSUM TABLE ${table}`))[0];
  return Promise.all(["property", "status", "status_history", "auth_user"].map(count));
};

it("no hostile statement is run, plain, explained, in a comment, in brackets or in a saved query", async () => {
  const before = await state();
  const passed: string[] = [];
  expect(all.length).toBeGreaterThan(100);
  for (const [at, [sql]] of all.entries()) {
    const forms = [
      `EXPLAIN ${sql}`,
      `/* a */ ${sql} -- b`,
      `(${sql})`,
      `SELECT * FROM (${sql}) AS a`,
      `SELECT 1; ${sql}`,
    ];
    for (const form of [sql, forms[at % forms.length]]) {
      const { status } = await listings.call("POST", "/sql", { as: listings.staff, body: { sql: form } });
      if (status !== 422) passed.push(`${status} ${form}`);
    }
  }
  expect(passed).toEqual([]);
  const saved = await listings.call("PUT", "/queries/hostile", {
    as: listings.staff,
    body: { sql: "SELECT SLEEP(1) AS a" },
  });
  expect(saved.status).toBe(422);
  const text = "x'; DROP TABLE property; --";
  const body = { sql: "SELECT :a, CONCAT('x', :a)", params: { a: text } };
  const { body: bound } = await listings.call("POST", "/sql", { as: listings.staff, body });
  expect(bound.rows).toEqual([[text, `x${text}`]]);
  expect(await state()).toEqual(before);
});

it("another layer holds when the text is not read", async () => {
  const before = await state();
  const other: string[] = [];
  for (const [sql, held] of all.filter(([, held]) => held !== "time" && held !== "kill")) {
    const found = await reader.holds(sql, held);
    if (found !== held) other.push(`${found}, not ${held}: ${sql}`);
  }
  expect(other).toEqual([]);
  expect(await state()).toEqual(before);
  // The user has its password still, and nobody holds the lock.
  expect(await reader.holds("SELECT GET_LOCK('quintet', 0)", "connection")).toBe("connection");
  const lock = await listings.deps.mysql.query("SELECT IS_USED_LOCK('quintet') AS holder");
  expect(lock[0]).toEqual([{ holder: null }]);
});

it("the text alone keeps out everything but other tables, which the user keeps out", () => {
  const isRead = (sql: string) => {
    try {
      return readStatement(sql).parameters.length === 0;
    } catch (error) {
      if (error instanceof StatementFault) return false;
      throw error;
    }
  };
  const others = /\b(?:auth_user|liked_properties|properties_done_requests|properties_queries|listing_term)\b/;
  const passed = all.filter(([sql]) => isRead(sql));
  expect(passed.filter(([sql, held]) => held !== "user" || !others.test(sql))).toEqual([]);
  expect(passed.length).toBe(10);
});

it("a read-only session alone keeps out what writes and gives rows", async () => {
  const before = await state();
  const writes = [
    "DELETE FROM property RETURNING id",
    "INSERT INTO status VALUES (9, 'x', 'x') RETURNING id",
    "SELECT id FROM property FOR UPDATE",
    "OPTIMIZE TABLE property",
  ];
  for (const sql of writes) {
    const run = inReadOnlySession(listings.deps.mysql, (session) => session.read(sql, [], { rows: 10, bytes: 10_000 }));
    await expect(run, sql).rejects.toMatchObject({ errno: 1792 });
  }
  expect(await state()).toEqual(before);
});
