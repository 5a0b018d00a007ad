import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import { hostile } from "./hostile-statements.ts";
import { type OpenListings, openListings } from "./open-listings.ts";
import { openReader, type TestReader } from "./open-reader.ts";

let listings: OpenListings;
let reader: TestReader;
let id: number;

beforeAll(async () => {
  listings = await openListings();
  for (const year of [2001, 2002, 2003]) id = await listings.create({ year });
  reader = await openReader(listings);
});
afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  await listings[Symbol.asyncDispose]();
});

/** What the user's connections execute now. */
const running = async () => {
  const [rows] = await listings.deps.mysql.query<RowDataPacket[]>(
    "SELECT info FROM information_schema.processlist WHERE user LIKE 'quintet_hostile_%' AND db = DATABASE() AND info IS NOT NULL",
  );
  return rows.length;
};

it.each(["time", "kill"] as const)(
  "%s ends what lasts",
  async (held) => {
    for (const sql of hostile[held]) {
      expect([sql, await reader.holds(sql, held)]).toEqual([sql, held]);
      await expect.poll(running, { timeout: 3000 }).toBe(0);
    }
  },
  30_000,
);

const product = Array.from({ length: 30 }, (_, i) => `property p${i}`).join(", ");

it("other calls stay fast beside eleven slow statements, which are told as a time-out", async () => {
  const { sql } = listings.deps;
  const own = sql.reader.user;
  Object.assign(sql.reader, { user: reader.user });
  try {
    const times: number[] = [];
    let over = false;
    const timed = (async () => {
      while (!over) {
        for (const path of [`/${id}`, "?year=2001", "/health"]) {
          const began = performance.now();
          expect((await listings.get(path)).status).toBe(200);
          times.push(performance.now() - began);
        }
      }
    })();
    const body = { sql: `SELECT SUM(SIN(p0.id + p29.id)) FROM ${product}` };
    const slow = Array.from({ length: 11 }, () => listings.call("POST", "/sql", { as: listings.staff, body }));
    const answers = await Promise.all(slow);
    over = true;
    await timed;
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503));
    for (const { headers } of answers) expect(headers.get("retry-after")).toBe("2");
    const [median = 0] = times.toSorted((a, b) => a - b).slice(Math.floor(times.length / 2));
    expect(times.length).toBeGreaterThan(50);
    // Alone it takes about two milliseconds.
    expect(median).toBeLessThan(50);
    await expect.poll(running, { timeout: 3000 }).toBe(0);
  } finally {
    Object.assign(sql.reader, { user: own });
  }
}, 60_000);

it("a statement that goes on after a KILL keeps its place", async () => {
  // Some seconds, in which the server looks for no KILL; the text of a statement that could do so is refused.
  const endless = "SELECT CRC32(REPLACE(REPEAT('a', 100000), 'a', 'aa'))";
  expect((await listings.call("POST", "/sql", { as: listings.staff, body: { sql: endless } })).status).toBe(422);
  const attempts = [reader.holds(endless, "kill"), reader.holds(endless, "kill")];
  expect(await Promise.all(attempts)).toEqual(["kill", "kill"]);
  await expect
    .poll(async () => (await running()) === 0 || (await reader.holds("SELECT 1", "nothing")) === "kill", {
      timeout: 10_000,
    })
    .toBe(true);
  await expect.poll(running, { timeout: 60_000 }).toBe(0);
  await expect.poll(() => reader.holds("SELECT 1", "nothing"), { timeout: 10_000 }).toBe("nothing");
}, 120_000);
