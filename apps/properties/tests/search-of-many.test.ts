import { afterAll, beforeAll, expect, test } from "vitest";
import type { Sort } from "../src/search/sort-orders.ts";
import { fillMany } from "./many-listings.ts";
import { type OpenListings, openListings } from "./open-listings.ts";
import { readRows } from "./read-rows.ts";

interface Row {
  id: number;
  city: string;
  price: number;
  description: string;
  year: number;
  date: Date;
}

let listings: OpenListings;
/** Every visible property, by the plain join of all history. */
let visible: Row[];

beforeAll(async () => {
  listings = await openListings();
  const { db } = listings.deps;
  await fillMany(db);
  visible = await readRows<Row>(
    db.pool,
    `SELECT p.id, p.city, p.price, p.description, p.year, h.update_date AS date
     FROM property p JOIN status_history h ON h.property_id = p.id JOIN status s ON s.id = h.status_id
     WHERE s.name IN ('pre_venta', 'en_venta', 'vendido') AND NOT EXISTS (
       SELECT 1 FROM status_history later WHERE later.property_id = p.id
         AND (later.update_date > h.update_date OR (later.update_date = h.update_date AND later.id > h.id)))`,
    {},
  );
});
afterAll(() => listings[Symbol.asyncDispose]());

const orders: Record<Exclude<Sort, "distance">, (a: Row, b: Row) => number> = {
  id: (a, b) => a.id - b.id,
  "-id": (a, b) => b.id - a.id,
  price: (a, b) => a.price - b.price || a.id - b.id,
  "-price": (a, b) => b.price - a.price || b.id - a.id,
  year: (a, b) => a.year - b.year || a.id - b.id,
  "-year": (a, b) => b.year - a.year || b.id - a.id,
  newest: (a, b) => b.date.getTime() - a.date.getTime() || b.id - a.id,
};

async function firstIds(query: string, limit: number, pages: number): Promise<number[]> {
  const ids: number[] = [];
  let cursor: string | null = "";
  for (let page = 0; page < pages && cursor !== null; page++) {
    const { status, body } = await listings.get(`?limit=${limit}&${query}${cursor && `&cursor=${cursor}`}`);
    expect(status, body.detail).toBe(200);
    ids.push(...body.properties.map(({ id }) => id));
    cursor = body.nextCursor;
  }
  return ids;
}

const searches: [string, (row: Row) => boolean][] = [
  ["city=bogota", (row) => row.city === "Bogotá"],
  ["minPrice=1000000000", (row) => row.price >= 1_000_000_000],
  ["minPrice=1000000000&maxPrice=1050000000", (row) => row.price >= 1e9 && row.price <= 1.05e9],
  ["minPrice=2000000000&city=cali", (row) => row.price >= 2e9 && row.city === "Cali"],
  ["q=helipuerto", (row) => row.description.includes("helipuerto")],
  ["q=HELIPUÉRT+calle", (row) => row.description.includes("helipuerto")],
  ["q=with", (row) => row.description.includes("with")],
  ["q=jardin", (row) => row.description.includes("jardín")],
  ["q=helipuerto&minPrice=500000000", (row) => row.description.includes("helipuerto") && row.price >= 5e8],
  ["q=jardin&maxPrice=20000000", (row) => row.description.includes("jardín") && row.price <= 2e7],
];

test.each(searches)("%s, in every order, by pages of 6", async (query, matches) => {
  const rows = visible.filter(matches);
  expect(rows.length).toBeGreaterThan(5);
  for (const sort of Object.keys(orders) as (keyof typeof orders)[]) {
    const wanted = rows.toSorted(orders[sort]).slice(0, 24);
    expect(await firstIds(`${query}&sort=${sort}`, 6, 4), sort).toEqual(wanted.map(({ id }) => id));
  }
});
