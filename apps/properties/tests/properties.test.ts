import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { anyVersion, example, type OpenListings, openListings } from "./open-listings.ts";

let listings: OpenListings;
beforeAll(async () => {
  listings = await openListings();
});
afterAll(() => listings[Symbol.asyncDispose]());

const unusedId = 999_999;

describe("one property", () => {
  test("is answered bare", async () => {
    const id = await listings.create();
    const { status, body } = await listings.get(`/${id}`);
    expect(status).toBe(200);
    expect(body).toEqual({ id, ...example });
  });

  test.each(["comprando", "comprado"])("that is %s is there for staff only", async (status) => {
    const id = await listings.create({ status });
    expect((await listings.get(`/${id}`)).status).toBe(404);
    const { body } = await listings.get(`/${id}`, { as: listings.staff });
    expect(body).toEqual({ id, ...example, status });
  });

  test.each([
    "999999",
    "0",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "12345678901234567890",
  ])("%s is unknown", async (id) => {
    const { status, body } = await listings.get(`/${id}`);
    expect(status).toBe(404);
    expect(body.detail).toBe("Property not found.");
  });

  test.each(["abc", "-1", "1.5", "1%20OR%201=1", "%27", "1;DROP%20TABLE%20property", "0x1", "1e3", "sqls"])(
    "%s is no id",
    async (id) => {
      const { status, body } = await listings.get(`/${id}`);
      expect(status).toBe(400);
      expect(body.errors[0]?.path).toBe("id");
    },
  );

  test("takes no query parameters", async () => {
    const id = await listings.create();
    expect((await listings.get(`/${id}?fields=all`)).body.errors[0]?.path).toBe("fields");
  });
});

describe("a new property", () => {
  const post = (body: unknown, options = {}) => listings.call("POST", "", { as: listings.staff, body, ...options });

  test("has an id, a place and a first status", async () => {
    const { status, headers, body } = await post(example);
    expect(status).toBe(201);
    expect(headers.get("location")).toBe(`/properties/${body.id}`);
    expect(body).toEqual({ id: body.id, ...example });
    const { body: kept } = await listings.get(`/${body.id}/status`, { as: listings.staff });
    expect(kept.history.map(({ status }) => status)).toEqual(["en_venta"]);
  });

  test("keeps any text, in one form", async () => {
    const text = "Café 🏠 „ñandú“ \\ ' \" % _ ; -- línea";
    const { status, body } = await post({ ...example, address: `  ${text}  `, description: `${text}\n\tdos` });
    expect(status).toBe(201);
    expect((await listings.get(`/${body.id}`)).body).toMatchObject({ address: text, description: `${text}\n\tdos` });
    const { body: composed } = await post({ ...example, city: "Bogota\u0301" });
    expect(composed.city).toBe("Bogotá");
  });

  test("needs staff, then a right body", async () => {
    expect((await post({}, { as: null })).status).toBe(401);
    expect((await post({}, { as: listings.plain })).status).toBe(403);
    expect((await post({})).status).toBe(422);
  });

  const { address: _, ...withoutAddress } = example;
  test.each([
    ["a field that is missing", withoutAddress, "address"],
    ["a field that is unknown", { ...example, owner: "x" }, "owner"],
    ["an id of its own", { ...example, id: 5 }, "id"],
    ["an unknown status", { ...example, status: "regalado" }, "status"],
    ["a negative price", { ...example, price: -1 }, "price"],
    ["half a peso", { ...example, price: 1.5 }, "price"],
    ["a price as text", { ...example, price: "1" }, "price"],
    ["a price past fifteen digits", { ...example, price: 1e15 }, "price"],
    ["a year before cities", { ...example, year: 1799 }, "year"],
    ["a year too far on", { ...example, year: 2101 }, "year"],
    ["an empty city", { ...example, city: "   " }, "city"],
    ["a long city", { ...example, city: "x".repeat(81) }, "city"],
    ["a long address", { ...example, address: "x".repeat(201) }, "address"],
    ["a long description", { ...example, description: "x".repeat(5001) }, "description"],
    ["a NUL", { ...example, address: "a\u0000b" }, "address"],
    ["a NUL in several lines", { ...example, description: "a\n\u0000b" }, "description"],
    ["half a surrogate pair", { ...example, description: "\ud83c" }, "description"],
    ["two lines of address", { ...example, address: "a\nb" }, "address"],
    ["null", { ...example, year: null }, "year"],
    ["an array", [example], ""],
  ])("is refused for %s", async (_name, body, path) => {
    const answer = await post(body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((fault) => fault.path)).toContain(path);
  });

  test.each([
    ["not JSON", "{", 400, {}],
    ["nothing", "", 400, {}],
    ["a form", "a=b", 415, { "Content-Type": "application/x-www-form-urlencoded" }],
    ["no type", "{}", 415, { "Content-Type": "text/plain" }],
    ["a body of 2 MiB", JSON.stringify({ ...example, description: "x".repeat(2 ** 21) }), 413, {}],
  ])("is refused for %s", async (_name, body, status, headers) => {
    const answer = await post(body, { headers });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  });

  test("is made once for one Idempotency-Key", async () => {
    const headers = { "Idempotency-Key": "a-new-house" };
    const body = { ...example, city: "Tunja" };
    const first = await post(body, { headers });
    const again = await post(body, { headers });
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
    expect((await post({ ...body, price: 1 }, { headers })).status).toBe(422);
    expect((await listings.get("?city=tunja")).body.properties).toHaveLength(1);
  });
});

describe("changing a property", () => {
  const patch = (id: number | string, body: unknown, options = {}) =>
    listings.call("PATCH", `/${id}`, { as: listings.staff, body, headers: anyVersion, ...options });

  test.each([
    [{ price: 7 }],
    [{ address: "Carrera 1 # 2-03" }],
    [{ city: "Cali", year: 1999 }],
    [{ description: "" }],
    [{ ...example, status: undefined, price: 0 }],
  ])("by %j leaves the rest", async (changes) => {
    const id = await listings.create();
    const { status, body } = await patch(id, changes);
    expect(status).toBe(200);
    expect(body).toEqual({ id, ...example, ...JSON.parse(JSON.stringify(changes)) });
    expect((await listings.get(`/${id}`)).body).toEqual(body);
  });

  test("moves it to where searches find it now", async () => {
    const id = await listings.create({ city: "Neiva", price: 50, description: "Casa con mirador" });
    await patch(id, { city: "Pasto", price: 60, year: 1985, description: "Casa con lago" });
    const found = async (query: string) => (await listings.get(query)).body.properties?.map((p) => p.id) ?? [];
    expect(await found("?city=neiva")).toEqual([]);
    expect(await found("?city=pasto&year=1985&minPrice=60&maxPrice=60")).toEqual([id]);
    expect(await found("?q=mirador")).toEqual([]);
    expect(await found("?q=lago")).toEqual([id]);
  });

  test("finds one that is not visible", async () => {
    const id = await listings.create({ status: "comprado" });
    expect((await patch(id, { price: 1 })).body).toEqual({ id, ...example, price: 1, status: "comprado" });
  });

  test.each([
    [{}, ""],
    [{ status: "vendido" }, "status"],
    [{ id: 3 }, "id"],
    [{ price: -1 }, "price"],
    [{ price: 1, owner: "x" }, "owner"],
    [{ city: "" }, "city"],
  ])("by %j is refused", async (changes, path) => {
    const id = await listings.create();
    const { status, body } = await patch(id, changes);
    expect(status).toBe(422);
    expect(body.errors.map((fault) => fault.path)).toContain(path);
    expect((await listings.get(`/${id}`)).body).toEqual({ id, ...example });
  });

  test("is for staff, and for properties that exist", async () => {
    const id = await listings.create();
    expect((await patch(id, {}, { as: null })).status).toBe(401);
    expect((await patch(id, {}, { as: listings.plain })).status).toBe(403);
    expect((await patch(unusedId, {})).status).toBe(422);
    expect((await patch(unusedId, { price: 1 })).status).toBe(404);
    expect((await patch("99999999999999999999", { price: 1 })).status).toBe(404);
  });

  test("by two at once leaves both changes", async () => {
    const id = await listings.create();
    const fields = Array.from({ length: 20 }, (_, i) => (i % 2 ? { price: i } : { year: 1900 + i }));
    const answers = await Promise.all(fields.map((changes) => patch(id, changes)));
    expect(answers.map(({ status }) => status)).toEqual(fields.map(() => 200));
    const { body } = await listings.get(`/${id}`);
    expect(body.price).toBeLessThan(20);
    expect(body.year).toBeLessThan(1920);
    const { body: search } = await listings.get(`?year=${body.year}&minPrice=${body.price}&maxPrice=${body.price}`);
    expect(search.properties.map((p) => p.id)).toEqual([id]);
  });
});

test("other methods are a 405 that says which there are", async () => {
  const id = await listings.create();
  const allowed = async (method: string, path: string) => {
    const { status, headers } = await listings.call(method, path, { as: listings.staff });
    return [status, headers.get("allow")];
  };
  expect(await allowed("PUT", `/${id}`)).toEqual([405, "DELETE, GET, PATCH"]);
  expect(await allowed("DELETE", "")).toEqual([405, "GET, POST"]);
  expect(await allowed("PUT", `/${id}/status`)).toEqual([405, "GET, POST"]);
  expect(await allowed("POST", `/${id}/like`)).toEqual([405, "DELETE, PUT"]);
});

test("health and documents need no account", async () => {
  const { status, body } = await listings.get("/health", { as: null });
  expect([status, body.status]).toEqual([200, "ok"]);
  expect(Object.keys(body.checks as object)).toEqual(["mysql", "redis", "listings"]);
  const { body: document } = await listings.get("/openapi.json", { as: null });
  const paths = Object.keys(document.paths as object).filter((path) => !path.includes("/actions/"));
  expect(paths.sort()).toEqual([
    "/properties",
    "/properties/compare",
    "/properties/health",
    "/properties/liked",
    "/properties/most-liked",
    "/properties/queries",
    "/properties/queries/{query}",
    "/properties/queries/{query}/rows",
    "/properties/searches",
    "/properties/searches/{id}",
    "/properties/searches/{id}/results",
    "/properties/sql",
    "/properties/sql/run",
    "/properties/statistics",
    "/properties/{id}",
    "/properties/{id}/like",
    "/properties/{id}/likes",
    "/properties/{id}/prices",
    "/properties/{id}/restore",
    "/properties/{id}/status",
  ]);
});
