import { readResponse, requestApp } from "@quintet/http/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { type Body, example, type OpenListings, openListings } from "./open-listings.ts";

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

/** Who may use each route: anybody; anybody with PUBLIC_LISTINGS and otherwise every account; every account; staff. */
const access: Record<"open" | "readers" | "accounts" | "staff", string[]> = {
  open: ["GET /health", "GET /openapi.json", "GET /assets/:file", "GET /docs"],
  readers: ["GET ", "GET /:id", "GET /:id/prices", "GET /statistics", "GET /compare"],
  accounts: [
    ...["GET /liked", "GET /most-liked", "PUT /:id/like", "DELETE /:id/like", "GET /:id/likes"],
    ...["like", "unlike"].flatMap((action) => [`GET /:id/actions/${action}`, `POST /:id/actions/${action}`]),
    ...["GET /queries", "GET /queries/:query", "GET /queries/:query/rows"],
    ...["GET /searches", "POST /searches", "GET /searches/:id", "PATCH /searches/:id", "DELETE /searches/:id"],
    ...["GET /searches/:id/results", "GET /actions/save-search", "POST /actions/save-search"],
    ...["look", "notify", "mute", "rename", "delete"].flatMap((name) => [
      `GET /searches/:id/actions/${name}`,
      `POST /searches/:id/actions/${name}`,
    ]),
  ],
  staff: [
    ...["POST ", "PATCH /:id", "DELETE /:id", "POST /:id/restore", "POST /:id/status", "GET /:id/status"],
    ...["edit", "status", "withdraw", "restore"].flatMap((name) => [
      `GET /:id/actions/${name}`,
      `POST /:id/actions/${name}`,
    ]),
    ...["GET /actions/new-property", "POST /actions/new-property", "GET /sql", "POST /sql", "POST /sql/run"],
    ...["PUT /queries/:query", "DELETE /queries/:query"],
    ...["share", "unshare", "delete"].flatMap((name) => [
      `GET /queries/:query/actions/${name}`,
      `POST /queries/:query/actions/${name}`,
    ]),
  ],
};

const routes = (app: OpenListings["app"]) =>
  app.routes
    .filter(({ method, path }) => method !== "ALL" && !path.startsWith("/properties/docs/"))
    .map(({ method, path }) => `${method} ${path.replace("/properties", "")}`);

test("each route is for whom it says, with and without PUBLIC_LISTINGS", async () => {
  const id = await listings.create();
  const apps = { private: listings.app, public: createApp({ ...listings.deps, publicListings: true }) };
  expect([...new Set(routes(apps.public))].toSorted()).toEqual(Object.values(access).flat().toSorted());
  for (const [whom, paths] of Object.entries(access))
    for (const [state, app] of Object.entries(apps))
      for (const route of paths) {
        const [method = "", path = ""] = route.split(" ");
        const to = `/properties${path.replace(":id", String(id)).replace(":query", "some")}`;
        const ask = async (headers: Record<string, string>) => {
          const response = await requestApp(app, method, to, { headers });
          await response.body?.cancel();
          return response;
        };
        const seen = `${state}: ${route}`;
        const isOpen = whom === "open" || (whom === "readers" && state === "public");
        const json = await ask({});
        expect([seen, json.status === 401]).toEqual([seen, !isOpen]);
        const html = await ask({ Accept: "text/html" });
        const isSent = html.status === 303 && html.headers.get("location")?.startsWith("/auth/sign-in?next=");
        expect([seen, method === "GET" ? isSent : html.status === 401]).toEqual([seen, !isOpen]);
        if (whom === "open") continue;
        expect([seen, (await ask({ Authorization: "Bearer none" })).status]).toEqual([seen, 401]);
        if (isOpen) continue;
        const { status } = await ask({ Authorization: listings.plain.bearer });
        expect([seen, status === 403]).toEqual([seen, whom === "staff"]);
        if (method === "PUT" || method === "DELETE") await listings.call("DELETE", `/${id}/like`);
      }
});

test("with PUBLIC_LISTINGS anybody sees what every account sees, no cache mixes them, and a like needs an account", async () => {
  const [shown, hidden] = [await listings.create(), await listings.create({ status: "comprando" })];
  await listings.call("PUT", `/${shown}/like`);
  const app = createApp({ ...listings.deps, publicListings: true });
  const get = (path: string, accept = "application/json", authorization?: string) =>
    requestApp(app, "GET", `/properties${path}`, { headers: { Accept: accept }, authorization });
  for (const path of [`?fields=id,likes,liked&facets=city&sort=-id`, `/${shown}`, `/${shown}/prices`, "/statistics"]) {
    const response = await get(path);
    expect([path, response.status]).toEqual([path, 200]);
    expect(response.headers.get("cache-control")).toBe("private, max-age=0, must-revalidate");
    for (const name of ["Authorization", "Cookie", "Accept"]) expect(response.headers.get("vary")).toContain(name);
    const page = await get(path.replace(/&facets.*/, ""), "text/html");
    if (!path.endsWith("/prices")) expect(page.headers.get("cache-control")).toBe("no-store");
  }
  const found = async (authorization?: string) =>
    ((await (await get("?fields=id,likes,liked&sort=-id", undefined, authorization)).json()) as Body).properties[0];
  expect(await found()).toEqual({ id: shown, likes: 1, liked: false });
  expect(await found(listings.plain.bearer)).toEqual({ id: shown, likes: 1, liked: true });
  for (const path of [`/${hidden}`, `/${hidden}/prices`]) {
    expect((await get(path)).status).toBe(404);
    expect((await get(path, undefined, listings.staff.bearer)).status).toBe(200);
  }
  expect((await get("?withdrawn=true")).status).toBe(403);
  const exported = await get("", "text/csv");
  expect([exported.status, exported.headers.get("cache-control")]).toEqual([200, "private, no-store"]);
  expect(await exported.text()).not.toMatch(new RegExp(`^${hidden},`, "m"));
});
