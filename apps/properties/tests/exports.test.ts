import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { createLogger, listenerOf, serve } from "@quintet/http";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { fillMany } from "./many-listings.ts";
import { type OpenListings, openListings, type Property } from "./open-listings.ts";

let listings: OpenListings;
beforeAll(async () => {
  listings = await openListings();
  await fillMany(listings.deps.db, 3000);
});
afterAll(() => listings[Symbol.asyncDispose]());
afterEach(() => vi.restoreAllMocks());

const csv = { Accept: "text/csv" };
const ndjson = { Accept: "application/x-ndjson" };
const text = async (query: string, headers: Record<string, string>) => (await listings.fetch(query, headers)).text();

/** All properties of a search, by its pages. */
async function walk(query: string): Promise<Property[]> {
  const found: Property[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { body } = await listings.get(`${query}&limit=100${cursor && `&cursor=${cursor}`}`);
    found.push(...body.properties);
    cursor = body.nextCursor;
  }
  return found;
}

test.each(["?sort=id", "?city=bogota&sort=-price", "?sort=newest&status=vendido", "?q=helipuerto&sort=price"])(
  "all rows of %s are those of its pages, in the same order",
  async (query) => {
    const expected = await walk(query);
    expect(expected.length).toBeGreaterThanOrEqual(2);
    const lines = (await text(query, ndjson)).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(expected);
    const names = ["id", "address", "city", "price", "description", "year", "status"] as const;
    const rows = expected.map((row) => `${names.map((name) => row[name]).join(",")}\r\n`);
    expect(await text(query, csv)).toBe(`${names.join(",")}\r\n${rows.join("")}`);
  },
);

test("fields of CSV are quoted, and no spreadsheet runs one", async () => {
  await listings.create({
    city: "Formula",
    address: '=HYPERLINK("http://a.example")',
    description: "+1, a\n-2",
  });
  const escaped = await text("?city=formula", csv);
  expect(escaped).toContain(`,"'=HYPERLINK(""http://a.example"")",Formula,420000000,"'+1, a\n-2",2015,en_venta\r\n`);
  expect(await text("?city=formula&formulas=keep", csv)).toContain(`,"=HYPERLINK(""http://a.example"")",Formula,`);
  expect(JSON.parse(await text("?city=formula", ndjson))).toMatchObject({ description: "+1, a\n-2" });
});

test("the format is chosen by Accept, or by a parameter", async () => {
  const typeOf = async (query: string, accept?: string) =>
    (await listings.fetch(query, accept === undefined ? {} : { Accept: accept })).headers.get("content-type");
  expect(await typeOf("?q=helipuerto")).toBe("application/json");
  expect(await typeOf("?q=helipuerto", "application/xml, */*;q=0.1")).toBe("application/json");
  expect(await typeOf("?q=helipuerto", "text/html, */*;q=0.1")).toBe("text/html; charset=UTF-8");
  expect(await typeOf("?q=helipuerto", "text/csv, application/json;q=0.9")).toBe(
    "text/csv; charset=utf-8; header=present",
  );
  expect(await typeOf("?q=helipuerto&format=ndjson", "text/html")).toBe("application/x-ndjson; charset=utf-8");
  expect(await typeOf("?q=helipuerto&format=json", "text/csv")).toBe("application/json");
});

test("what cannot be served is a 406; no rows are a 404, and a page of an export a 400", async () => {
  const failing = async (path: string, accept: string) => {
    const { status, body } = await listings.get(path, { headers: { Accept: accept } });
    return [status, body.errors?.[0]?.path];
  };
  expect(await failing("", "image/png")).toEqual([406, undefined]);
  expect(await failing("/1", "text/csv")).toEqual([406, undefined]);
  expect(await failing("?city=nowhere", "text/csv")).toEqual([404, undefined]);
  expect(await failing("?limit=5", "text/csv")).toEqual([400, "limit"]);
  expect(await failing("?cursor=x", "application/x-ndjson")).toEqual([400, "cursor"]);
});

test("an export reads no further than its client, and ends when that goes", async () => {
  const statements = vi.spyOn(listings.deps.db.searchPool, "execute");
  await text("?q=casa", csv);
  const whole = statements.mock.calls.length;
  statements.mockClear();
  const { body } = await listings.fetch("?q=casa", csv);
  const reader = body!.getReader();
  await reader.read();
  const read = statements.mock.calls.length;
  expect(read).toBeLessThan(whole / 5);
  await reader.cancel();
  expect(statements.mock.calls.length).toBeLessThan(whole / 4);

  const log = createLogger({ service: "properties", level: "silent" });
  const listening = await serve(listenerOf(listings.app), { port: 0, host: "127.0.0.1", log, drainSeconds: 0 });
  const headers = { ...csv, Authorization: listings.plain.bearer };
  const request = get({ port: listening.port, path: "/properties?q=casa", headers });
  request.on("error", () => {});
  const [response] = (await once(request, "response")) as [IncomingMessage];
  await once(response, "data");
  request.destroy();
  // The server does not close while a response is in flight.
  await listening.close();
  const sent = statements.mock.calls.length;
  expect(sent - read).toBeLessThan(whole / 2);
  for (let i = 0; i < 10; i++) expect((await listings.get("?limit=1")).status).toBe(200);
  // A page may have been in flight.
  expect(statements.mock.calls.length).toBeLessThan(sent + 10 + whole / 10);
});
