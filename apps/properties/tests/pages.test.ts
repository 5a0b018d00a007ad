import { readResponse, requestApp } from "@quintet/http/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { example, type OpenListings, openListings } from "./open-listings.ts";

let listings: OpenListings;
beforeAll(async () => {
  listings = await openListings();
});
afterAll(() => listings[Symbol.asyncDispose]());

/** Sends a form as a browser does, by staff. */
async function send(path: string, fields: Record<string, string>) {
  const response = await requestApp(listings.app, "POST", `/properties${path}`, {
    authorization: listings.staff.bearer,
    body: new URLSearchParams(fields).toString(),
    headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "text/html" },
  });
  const { status, text, headers } = await readResponse(response);
  return { status, text, location: headers.get("location") };
}

const page = async (path: string, query = "") =>
  (await listings.fetch(path + query, { Accept: "text/html", Authorization: listings.staff.bearer })).text();

const keyIn = (text: string) => /name="key" value="([^"]+)"/.exec(text)?.[1] ?? "";
const faultAt = (text: string, name: string) => new RegExp(`id="${name}-fault">([^<]+)<`).exec(text)?.[1];
const fields = { ...example, price: "$ 420.000.000", year: "2015" };
const history = async (id: number) =>
  (await listings.get(`/${id}/status`, { as: listings.staff })).body.history.map(({ status }) => status);

test("a form that is sent twice makes one property, and one that was changed another", async () => {
  const path = "/actions/new-property";
  const key = keyIn(await page(path));
  expect(key).not.toBe("");
  expect(keyIn(await page(path))).not.toBe(key);
  const both = await Promise.all([send(path, { ...fields, key }), send(path, { ...fields, key })]);
  expect(both.map(({ status }) => status)).toEqual([303, 303]);
  expect(both[0]?.location).toBe(both[1]?.location);
  expect((await send(path, { ...fields, key })).location).toBe(both[0]?.location);
  expect((await send(path, { ...fields, key, address: "Calle 73" })).location).not.toBe(both[0]?.location);
  const refused = await send(path, { ...fields, key, year: "soon" });
  expect([refused.status, keyIn(refused.text)]).toEqual([422, key]);
});

test("a status that is sent twice is appended once; the same form again appends again", async () => {
  const id = await listings.create();
  const path = `/${id}/actions/status`;
  const key = keyIn(await page(path));
  await Promise.all([send(path, { status: "vendido", key }), send(path, { status: "vendido", key })]);
  expect(await history(id)).toEqual(["vendido", "en_venta"]);
  await send(path, { status: "vendido", key: keyIn(await page(path)) });
  expect(await history(id)).toEqual(["vendido", "vendido", "en_venta"]);
});

test("an edit that is sent twice is saved, and type, rooms, area and coordinates are set and cleared", async () => {
  const id = await listings.create({ rooms: 2 });
  const path = `/${id}/actions/edit`;
  const edit = await page(path);
  const version = /name="version" value="([^"]+)"/.exec(edit)?.[1]?.replaceAll("&quot;", '"') ?? "";
  const set = { type: "casa", rooms: "", area: "85.5", lat: "4.648625", lon: "-74.062753" };
  const { status: _, ...others } = fields;
  expect((await send(path, { ...others, ...set, version })).status).toBe(303);
  expect((await send(path, { ...others, ...set, version })).status).toBe(303);
  const { body } = await listings.get(`/${id}`);
  expect(body).toMatchObject({ type: "casa", area: 85.5, lat: 4.648625, lon: -74.062753, price: 420_000_000 });
  expect(body).not.toHaveProperty("rooms");
  expect((await send(path, { ...others, ...set, area: "90", version })).status).toBe(412);
  const wrong = await send(path, { ...others, ...set, rooms: "two", area: "1e3", lat: "91", lon: "", version });
  expect(wrong.status).toBe(422);
  for (const name of ["rooms", "area", "lat"])
    expect([name, faultAt(wrong.text, name)]).toEqual([name, expect.any(String)]);
  expect(await page(`/${id}`)).toMatch(/Casa.*85\.5\u00a0m².*\$4,912,281/s);
});

test("filters of rooms, area and type are there when the table has the columns, with their faults", async () => {
  const wrong = await page("", "?minRooms=x&type=casa&near=here&minPrice=cheap");
  for (const name of ["minRooms", "minPrice"]) expect([name, faultAt(wrong, name)]).toEqual([name, expect.any(String)]);
  expect(faultAt(await page("", "?minArea=9&maxArea=1"), "minArea")).toBe("must not be greater than maxArea");
  expect(wrong).toMatch(/name="type" value="casa" checked/);
  expect(wrong).toContain('<input type="hidden" name="near" value="here" />');
  const { db } = listings.deps;
  const source = db.source;
  db.source = async () => ({ ...(await source()), columns: new Set() });
  for (const path of ["", "/actions/new-property"])
    expect(await page(path)).not.toMatch(/minRooms|minArea|name="(type|lat)"/);
  expect((await send("/actions/new-property", fields)).status).toBe(303);
  const missing = await send("/actions/new-property", { ...fields, rooms: "3" });
  expect([missing.status, missing.text]).toEqual([422, expect.stringContaining("is no column of the table")]);
  db.source = source;
});

test("the page of a property has its prices as a chart and a table, and the prices page quartiles by city and year", async () => {
  const city = "Puerto Páginas";
  const ids: number[] = [];
  for (const price of [100, 200, 400]) ids.push(await listings.create({ city, price, year: 2001 }));
  const [id = 0] = ids;
  expect(await page(`/${id}`)).not.toContain("price-chart");
  const change = (price: number) =>
    listings.call("PATCH", `/${id}`, { as: listings.staff, body: { price }, headers: { "If-Match": "*" } });
  for (const price of [150, 130, 120]) await change(price);
  const { pool } = listings.deps.db;
  await pool.query("UPDATE price_history SET price = NULL WHERE property_id = ? AND price = 130", [id]);
  await pool.query("UPDATE price_history SET seen_at = seen_at - INTERVAL (1000 - id) DAY WHERE property_id = ?", [id]);
  const shown = await page(`/${id}`);
  expect(shown).toMatch(/aria-label="From \$100 to \$120; lowest \$100, highest \$150"/);
  // Three steps: two that join, and after the time without a price one that does not.
  expect(/class="line" d="([^"]+)"/.exec(shown)?.[1]).toMatch(/^M0 100H[\d.]+V0H[\d.]+M[\d.]+ 60H400$/);
  expect(shown.replaceAll(/<[^>]+>/g, " ")).toMatch(/\$120\s.*Price on request.*\$150\s+\+50%.*\$100/s);
  const prices = await page("/statistics", `?by=city%2Cyear&city=${encodeURIComponent(city)}`);
  expect(prices.replaceAll(/<[^>]+>/g, " ")).toMatch(/Puerto Páginas\s+2001\s+3\s+200\s+160\s+300\s+120\s+400/);
  expect(prices).toContain(`/properties?city=Puerto+P%C3%A1ginas&amp;year=2001`);
  expect(faultAt(await page("/statistics", "?minYear=9&maxYear=1"), "minYear")).toBe(
    "must not be greater than maxYear",
  );
  expect(await page("/statistics", "?city=Nowhere")).toContain("No property with a price matches");
});
