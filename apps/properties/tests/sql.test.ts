import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpenListings, openListings } from "./open-listings.ts";

let listings: OpenListings;

beforeAll(async () => {
  listings = await openListings();
  for (const year of [2001, 2002, 2003]) await listings.create({ year, city: `Ciudad ${year}` });
});
afterAll(() => listings[Symbol.asyncDispose]());

interface Result {
  status: number;
  columns: { name: string; type: string }[];
  rows: unknown[][];
  truncated: boolean;
  truncatedBy: string | null;
  warnings: { code: number; message: string }[];
  plan: Plan;
  detail: string;
  errors?: { path: string; message: string }[];
}
interface Plan {
  operation: string;
  table?: string;
  index?: string;
  rows?: number;
  steps?: Plan[];
}

type Responses = Record<string, { content: Record<string, { schema: { allOf: object[] } }> }>;

const result = (answer: { status: number; body: unknown }) => ({ ...(answer.body as Result), status: answer.status });
const run = async (sql: string, params?: object, query = "") => {
  const body = params === undefined ? { sql } : { sql, params };
  return result(await listings.call("POST", `/sql${query}`, { as: listings.staff, body }));
};
const faults = ({ status, errors, detail }: Result) => [status, errors?.map(({ path }) => path) ?? detail];

describe("SQL of staff", () => {
  it("is for staff", async () => {
    const body = { sql: "SELECT 1" };
    expect((await listings.call("POST", "/sql", { as: null, body })).status).toBe(401);
    expect((await listings.call("POST", "/sql", { body: { wrong: 1 } })).status).toBe(403);
  });

  it("gives rows as arrays, with two columns of one name", async () => {
    const sql = "SELECT city, year, year FROM property WHERE year > :year ORDER BY id LIMIT :n";
    expect(await run(sql, { year: 2001, n: 5 })).toEqual({
      status: 200,
      columns: [
        { name: "city", type: "string" },
        { name: "year", type: "integer" },
        { name: "year", type: "integer" },
      ],
      rows: [
        ["Ciudad 2002", 2002, 2002],
        ["Ciudad 2003", 2003, 2003],
      ],
      truncated: false,
      truncatedBy: null,
      warnings: [],
      ms: expect.any(Number),
    });
    expect((await run("WITH a AS (SELECT id FROM property) SELECT COUNT(*) FROM a;")).rows).toEqual([[3]]);
  });

  it("gives exact values", async () => {
    const { rows, columns } = await run(
      `SELECT 9007199254740993, 18446744073709551615, 12345678901234567890.000000000001, 0.1e0, x'00ff', CAST(5 AS SIGNED),
        CAST('2024-02-29 01:02:03.000004' AS DATETIME(6)), NULL, 1 = 1, 'é😀'`,
    );
    expect(rows).toEqual([
      [
        "9007199254740993",
        "18446744073709551615",
        "12345678901234567890.000000000001",
        0.1,
        "AP8=",
        5,
        "2024-02-29T01:02:03.000004",
        null,
        1,
        "é😀",
      ],
    ]);
    expect(columns.map(({ type }) => type).join(" ")).toBe(
      "integer integer number number binary integer datetime string integer string",
    );
  });

  it("takes values by their type", async () => {
    const params = {
      whole: 3,
      decimal: 0.1,
      text: "'; DROP TABLE property; --",
      nothing: null,
      yes: true,
      big: { type: "integer", value: "9223372036854775807" },
      day: { type: "date", value: "2024-02-29" },
    };
    const sql =
      "SELECT :whole DIV 2, :decimal * 3, :text, :nothing, IF(:yes, 'y', 'n'), :big - 1, :day + INTERVAL 1 YEAR, :whole";
    expect((await run(sql, params)).rows).toEqual([
      [1, 0.3, params.text, null, "y", "9223372036854775806", "2025-02-28", 3],
    ]);
    const { columns } = await run("SELECT :whole, :decimal, :text", { whole: 3, decimal: 0.5, text: "a" });
    expect(columns.map(({ type }) => type)).toEqual(["integer", "number", "string"]);
    for (const [given, path] of [
      [{ a: 2 ** 60 }, "params.a"],
      [{ a: { type: "integer", value: "1.5" } }, "params.a"],
      [{ a: { type: "date", value: "2024-02-30" } }, "params.a"],
      [{ a: [] }, "params.a"],
      [{ a: 1, b: 1 }, "params.b"],
      [{}, "sql"],
    ] as const) {
      expect(faults(await run("SELECT :a", given)), JSON.stringify(given)).toEqual([422, [path]]);
    }
    expect(faults(await run("SELECT 1", {}, "?explain=2"))).toEqual([400, ["explain"]]);
  });

  it("says what it cannot do", async () => {
    expect((await run("SELECT nothing FROM property")).detail).toContain("Unknown column 'nothing'");
    expect((await run("SELECT * FROM nothing")).detail).toContain(
      "the tables are listing, listing_place, property, status, status_history",
    );
    const grants = await run("SELECT FROM");
    expect([grants.status, grants.detail]).toEqual([422, expect.stringContaining("syntax error near")]);
    expect(JSON.stringify(grants)).not.toMatch(/quintet_sql|t_[0-9a-f]{16}/);
  });

  it("cuts rows and bytes, and says so", async () => {
    const many =
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT a.i FROM n a, n b";
    const cut = await run(many);
    expect([cut.rows.length, cut.truncated, cut.truncatedBy]).toEqual([10_000, true, "rows"]);
    const large = await run(`${many.replace("SELECT a.i", "SELECT RPAD('x', 20000, 'y')")} LIMIT 2000`);
    expect([large.truncated, large.truncatedBy]).toEqual([true, "bytes"]);
    expect(large.rows.length).toBeLessThan(2000);
    expect((await run("SELECT 1")).rows).toEqual([[1]]);
  });

  it("tells what the server tells by warnings only", async () => {
    const recursion =
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT COUNT(*) FROM n";
    expect(faults(await run(recursion))).toEqual([422, expect.stringContaining("max_recursive_iterations = 1000")]);
    const long = "SELECT GROUP_CONCAT(RPAD(a.id, 4000, 'x')) FROM property a, property b, property c";
    expect(faults(await run(long))).toEqual([422, expect.stringContaining("not complete")]);
    const { warnings, rows } = await run("SELECT CAST('x1' AS UNSIGNED)");
    expect([rows, warnings]).toEqual([[[0]], [{ code: 1292, message: expect.stringContaining("x1") }]]);
  });

  it("explains a statement and does not execute it", async () => {
    const sql =
      "SELECT p.city FROM property AS p JOIN listing AS l ON l.property_id = p.id WHERE l.year > :year ORDER BY p.price";
    const { plan } = await run(sql, { year: 2001 }, "?explain=1");
    const steps = (step: Plan): Plan[] => [step, ...(step.steps ?? []).flatMap(steps)];
    expect(plan.operation).toBe("select");
    expect(steps(plan).map(({ operation }) => operation)).toEqual(
      expect.arrayContaining(["select", "sort", "join", "table"]),
    );
    expect(
      steps(plan)
        .flatMap(({ table }) => table ?? [])
        .sort(),
    ).toEqual(["l", "p"]);
    expect((await run(`EXPLAIN ${sql}`, { year: 2001 })).plan).toEqual(plan);
    // It would run until its limit, and small subqueries are executed for a plan by default.
    const huge = "SELECT MAX(a.id + b.id) FROM property a, property b, property c";
    const product = (n: number) => Array.from({ length: n }, (_, i) => `property p${i}`).join(", ");
    const slow = `SELECT COUNT(*) FROM ${product(25)} WHERE p0.id = (${huge})`;
    const explained = await run(slow, {}, "?explain=1");
    expect([explained.status, steps(explained.plan).filter(({ table }) => table).length]).toEqual([200, 28]);
    for (const refused of [
      "EXPLAIN DELETE FROM property",
      "EXPLAIN ANALYZE SELECT 1",
      "ANALYZE FORMAT=JSON SELECT 1",
    ]) {
      expect(faults(await run(refused, {}, "?explain=1"))).toEqual([422, ["sql"]]);
    }
    expect(faults(await run("SELECT * FROM liked_properties", {}, "?explain=1"))[0]).toBe(422);
  });
});

describe("a saved query", () => {
  const byYear = {
    sql: "SELECT city, COUNT(*) AS n FROM property WHERE year = :year GROUP BY city",
    params: [{ name: "year", type: "integer", minimum: 1800, description: "The year" }],
    description: "Properties by city",
    public: true,
  };
  const put = (name: string, body: object) => listings.call("PUT", `/queries/${name}`, { as: listings.staff, body });
  const rows = async (name: string, query = "", as = listings.plain) =>
    result(await listings.get(`/queries/${name}/rows${query}`, { as }));
  const paths = async () => {
    const { body } = await listings.get("/openapi.json");
    return body.paths as Record<string, { get: Record<string, unknown> }>;
  };

  it("is saved by staff and run by whom it is shared with", async () => {
    expect((await listings.call("PUT", "/queries/by-year", { body: byYear })).status).toBe(403);
    const saved = await put("by-year", byYear);
    expect([saved.status, saved.headers.get("location")]).toEqual([201, "/properties/queries/by-year"]);
    expect(saved.body).toMatchObject({
      ...byYear,
      params: [{ name: "year", type: "integer", required: true, minimum: "1800" }],
      columns: [
        { name: "city", type: "string" },
        { name: "n", type: "integer" },
      ],
      url: "/properties/queries/by-year/rows",
      changedBy: "staff",
    });
    expect((await put("by-year", byYear)).status).toBe(200);
    expect((await put("secret", { sql: "SELECT 1 AS a" })).status).toBe(201);
    expect(await rows("by-year", "?year=2002")).toMatchObject({ status: 200, rows: [["Ciudad 2002", 1]] });
    expect((await rows("secret")).status).toBe(404);
    expect((await listings.get("/queries/secret")).status).toBe(404);
    expect((await rows("secret", "", listings.staff)).rows).toEqual([[1]]);
    const names = async (query: string, as = listings.plain) => {
      const { body } = await listings.get(`/queries${query}`, { as });
      const { queries, nextCursor } = body as unknown as { queries: { name: string }[]; nextCursor: string | null };
      return { names: queries.map(({ name }) => name), nextCursor };
    };
    expect(await names("")).toEqual({ names: ["by-year"], nextCursor: null });
    const first = await names("?limit=2", listings.staff);
    expect(first.names).toEqual(["by-year", "listings-by-city"]);
    expect(await names(`?limit=2&cursor=${first.nextCursor}`, listings.staff)).toEqual({
      names: ["secret"],
      nextCursor: null,
    });
    expect((await listings.get(`/queries?cursor=${first.nextCursor?.slice(1)}`)).status).toBe(400);
    const example = await rows("listings-by-city", "", listings.staff);
    expect(example.rows).toEqual([2001, 2002, 2003].map((year) => [`Ciudad ${year}`, 1, 420_000_000]));
  });

  it("refuses parameters that do not fit", async () => {
    for (const query of ["", "?year=x", "?year=1799", "?year=2002&year=2003", "?year=2002&other=1"]) {
      const { status, errors } = await rows("by-year", query);
      expect([query, status, errors?.length]).toEqual([query, 400, 1]);
    }
    for (const [body, path] of [
      [{ sql: "SELECT :a" }, "sql"],
      [{ sql: "SELECT 1", params: [{ name: "a" }] }, "params.0.name"],
      [{ sql: "SELECT * FROM auth_user" }, "sql"],
      [{ sql: "EXPLAIN SELECT 1" }, "sql"],
      [{ sql: "DELETE FROM property" }, "sql"],
      [{ sql: "SELECT 1", public: "yes" }, "public"],
      [{ sql: "SELECT 1", owner: 1 }, "owner"],
    ] as const) {
      const { status, body: answer } = await put("refused", body);
      expect([status, answer.errors?.[0]?.path], JSON.stringify(body)).toEqual([422, path]);
    }
    expect((await put("No%20name", { sql: "SELECT 1" })).status).toBe(400);
    expect((await rows("%F0%9F%98%80")).status).toBe(404);
  });

  it("has a version by which its rows are not sent again", async () => {
    const first = await listings.get("/queries/by-year/rows?year=2002");
    const etag = first.headers.get("etag") ?? "";
    expect([first.headers.get("cache-control"), etag]).toEqual(["private, no-cache", expect.stringMatching(/^".+"$/)]);
    const headers = { "If-None-Match": etag };
    const again = await listings.get("/queries/by-year/rows?year=2002", { headers });
    expect([again.status, again.body]).toEqual([304, null]);
    await listings.create({ year: 2002, city: "Ciudad 2002" });
    const later = await listings.get("/queries/by-year/rows?year=2002", { headers });
    expect([later.status, (later.body as unknown as Result).rows]).toEqual([200, [["Ciudad 2002", 2]]]);
  });

  it("is in the API document with its types when it is public", async () => {
    const all = await paths();
    expect(all["/properties/queries/secret/rows"]).toBeUndefined();
    expect(all["/properties/queries/by-year/rows"]?.get).toMatchObject({
      operationId: "getPropertiesQueryByYearRows",
      description: byYear.description,
      parameters: [{ name: "year", in: "query", required: true, schema: { type: "integer", minimum: 1800 } }],
    });
    const responses = all["/properties/queries/by-year/rows"]?.get.responses as Responses;
    expect(responses["200"]?.content["application/json"]?.schema.allOf[1]).toMatchObject({
      properties: { rows: { items: { prefixItems: [{ title: "city" }, { title: "n" }], minItems: 2, maxItems: 2 } } },
    });
    expect((await listings.call("DELETE", "/queries/by-year")).status).toBe(403);
    for (const name of ["by-year", "secret"]) {
      expect((await listings.call("DELETE", `/queries/${name}`, { as: listings.staff })).status).toBe(204);
      expect((await listings.call("DELETE", `/queries/${name}`, { as: listings.staff })).status).toBe(404);
    }
    expect((await paths())["/properties/queries/by-year/rows"]).toBeUndefined();
  });
});
