import { afterAll, beforeAll, expect, test } from "vitest";
import { anyVersion, type OpenListings, openListings } from "./open-listings.ts";
import { readRows } from "./read-rows.ts";

let listings: OpenListings;
beforeAll(async () => {
  listings = await openListings();
});
afterAll(() => listings[Symbol.asyncDispose]());

const pricesOf = async (id: number, query = "") => {
  const { status, body } = await listings.get(`/${id}/prices${query}`);
  expect(status, body.detail).toBe(200);
  return body as unknown as { prices: { price: number; since: string | null }[]; nextCursor: string | null };
};

test("prices are noted whoever writes them, and those from before have no time", async () => {
  const { pool } = listings.deps.db;
  const id = await listings.create({ price: 100 });
  await listings.call("PATCH", `/${id}`, { as: listings.staff, body: { price: 200 }, headers: anyVersion });
  await pool.query("UPDATE property SET price = 300 WHERE id = ?", [id]);
  const first = await pricesOf(id, "?limit=2");
  expect(first.prices).toMatchObject([{ price: 300 }, { price: 200 }]);
  const second = await pricesOf(id, `?limit=2&cursor=${first.nextCursor}`);
  expect(second).toMatchObject({ prices: [{ price: 100, since: expect.any(String) }], nextCursor: null });
  await pool.query("DELETE FROM price_history WHERE property_id = ?", [id]);
  expect((await pricesOf(id)).prices).toEqual([{ price: 300, since: null }]);
  await pool.query("UPDATE property SET price = 400 WHERE id = ?", [id]);
  // What no trigger has noted is noticed when it is looked at.
  await pool.query("TRUNCATE listing_change");
  expect((await pricesOf(id)).prices).toEqual([
    { price: 400, since: expect.any(String) },
    { price: 300, since: null },
  ]);
  await pool.query("UPDATE property SET description = 'Other' WHERE id = ?", [id]);
  await listings.get("");
  expect((await pricesOf(id)).prices).toHaveLength(2);
});

test("prices of what is hidden are for staff, and those of what is gone are gone", async () => {
  const { pool } = listings.deps.db;
  const id = await listings.create({ status: "comprado", price: 5 });
  expect((await listings.get(`/${id}/prices`)).status).toBe(404);
  expect((await listings.get(`/${id}/prices`, { as: listings.staff })).status).toBe(200);
  await pool.query("DELETE FROM property WHERE id = ?", [id]);
  await listings.get("");
  expect(await readRows(pool, "SELECT 1 FROM price_history WHERE property_id = :id", { id })).toEqual([]);
});

test("statistics are those of every visible price", async () => {
  const prices = [10, 20, 20, 50, 90, 7, 1_000_000];
  for (const [i, price] of prices.entries()) {
    const city = i % 2 ? "Mocoa" : "MOCOA";
    await listings.create({ city, price, year: 2000 + (i % 3), status: i === 6 ? "comprado" : "vendido" });
  }
  const wanted = { count: 6, min: 7, lowerQuartile: 12.5, median: 20, upperQuartile: 42.5, max: 90 };
  const statistics = async (query: string) => {
    const { status, body } = await listings.get(`/statistics?${query}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return body.statistics;
  };
  expect(await statistics("city=mocoa")).toEqual([{ city: expect.stringMatching(/mocoa/i), ...wanted }]);
  expect(await statistics("city=mocoa&by=year&maxYear=2000")).toEqual([
    { year: 2000, count: 2, min: 10, lowerQuartile: 20, median: 30, upperQuartile: 40, max: 50 },
  ]);
  expect(await statistics("city=mocoa&status=en_venta")).toEqual([]);
  expect(await statistics("by=year&minYear=2001&maxYear=2002&status=vendido")).toMatchObject([
    { year: 2001, count: 2, median: 55 },
    { year: 2002, count: 2, median: 13.5 },
  ]);
});

test("statistics of many properties, which the process remembers, are those of the statement, whoever writes", async () => {
  const { db } = listings.deps;
  const { limits } = db;
  const queries = [
    "",
    "by=year",
    "by=city,year",
    "city=mocoa&by=city,year",
    "city=ancuya",
    "city=x&status=en_venta",
  ].concat("by=year&minYear=2001&maxYear=2002&status=vendido");
  const withoutSpelling = async () => {
    const all: unknown[] = [];
    for (const query of queries) {
      const { body } = await listings.get(`/statistics?${query}`);
      const some = body.statistics as { city?: string }[];
      all.push(some.map((one) => ({ ...one, ...(one.city ? { city: one.city.toLowerCase() } : {}) })));
    }
    return all;
  };
  const writes = [
    "INSERT INTO property (id, address, city, price, description, year) VALUES (20000, '', 'Ancuya', 3, '', 1999)",
    `INSERT INTO status_history (property_id, status_id, update_date)
      SELECT 20000, id, UTC_TIMESTAMP() FROM status WHERE name = 'en_venta'`,
    "UPDATE property SET price = price + 0.25, year = 2001 WHERE price > 15",
    "DELETE FROM property WHERE price = 7",
  ];
  for (const write of [undefined, ...writes]) {
    if (write) await db.pool.query(write);
    const wanted = await withoutSpelling();
    db.limits = { ...limits, rowsOfStatistics: 0 };
    const found = await withoutSpelling();
    db.limits = limits;
    expect([write, found]).toEqual([write, wanted]);
  }
  db.limits = { ...limits, rowsOfStatistics: 0, blocksOfPrices: 0 };
  const { status, body } = await listings.get("/statistics?city=mocoa");
  db.limits = limits;
  expect([status, body.errors[0]?.path]).toEqual([422, "by"]);
});
