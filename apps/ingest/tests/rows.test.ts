import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { departments, jobs, openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest();
  await ingest.load("departments", departments);
  await ingest.load("jobs", jobs);
});
afterAll(() => ingest[Symbol.asyncDispose]());

const send = (table: string, rows: unknown, more: object = {}, headers: Record<string, string> = {}) =>
  ingest.call("POST", `/ingest/${table}/rows`, { json: { rows, ...more }, headers });
const stored = async (table: string, rows: unknown[]) => {
  const response = await send(table, rows);
  expect(response.status).toBe(200);
  return response.json();
};
const count = async (where: string) => (await ingest.rows(`SELECT COUNT(*) AS n FROM ${where}`))[0]?.n;

describe("rows in JSON", () => {
  it("are arrays in column order or objects by name", async () => {
    const response = await stored("hired_employees", [
      [1, "Ada", "2021-11-07T02:48:42Z", 1, 2],
      { job_id: 2, department_id: "1", datetime: "2021-11-07T02:48:42.5-05:00", name: "Ñandú 🦤", id: "2" },
    ]);
    expect(response).toEqual({ table: "hired_employees", received: 2, inserted: 2, rejected: 0, rejects: [] });
    const page = (await (await ingest.call("GET", "/ingest/hired_employees")).json()) as { rows: unknown[] };
    expect(page).toEqual({
      rows: [
        { id: 1, name: "Ada", datetime: "2021-11-07T02:48:42Z", department_id: 1, job_id: 2 },
        { id: 2, name: "Ñandú 🦤", datetime: "2021-11-07T07:48:42.500Z", department_id: 1, job_id: 2 },
      ],
      nextCursor: null,
    });
  });

  it("that break a rule are listed in order, the others stored", async () => {
    const moment = "2021-11-07T02:48:42Z";
    const response = await stored("hired_employees", [
      [10, "Ada", moment, 1, 2],
      [11, "", moment, 1, 2],
      [12, null, moment, 1, 2],
      { id: 13, datetime: moment, department_id: 1, job_id: 2 },
      [14, "Ada", "2021-02-29T00:00:00Z", 1, 2],
      [15, "Ada", moment, 99, 2],
      [16, "Ada", moment, 1, 999],
      [10, "Again", moment, 1, 2],
      [1.5, "Ada", moment, 1, 2],
      [true, "Ada", moment, 1, 2],
      [17, 5, moment, 1, 2],
      [18, "Ada", 1636253322, 1, 2],
      [19, "Ada", moment, 1],
      { id: 20, name: "Ada", datetime: moment, department_id: 1, job_id: 2, boss: 3 },
      "21,Ada",
      null,
      [22, "a\ud800b", moment, 1, 2],
      [23, "a\0b", moment, 1, 2],
      ["9".repeat(20), "Ada", moment, 1, 2],
      [24, "x".repeat(256), moment, 1, 2],
      [25, "'; DROP TABLE jobs; --", moment, 1, 2],
    ]);
    expect(response).toMatchObject({ received: 21, inserted: 2, rejected: 19 });
    expect((response as { rejects: unknown[] }).rejects).toEqual([
      { row: 2, column: "name", reason: "is required" },
      { row: 3, column: "name", reason: "is required" },
      { row: 4, column: "name", reason: "is required" },
      { row: 5, column: "datetime", reason: "is a date or time that does not exist" },
      { row: 6, column: "department_id", reason: "does not exist in departments" },
      { row: 7, column: "job_id", reason: "does not exist in jobs" },
      { row: 8, column: "id", reason: "duplicate id" },
      { row: 9, column: "id", reason: "must be a whole number from 1 to 2147483647" },
      { row: 10, column: "id", reason: "must be a number" },
      { row: 11, column: "name", reason: "must be text" },
      { row: 12, column: "datetime", reason: "must be text" },
      { row: 13, column: null, reason: "has 4 columns, not 5" },
      { row: 14, column: "boss", reason: "is no column of hired_employees" },
      { row: 15, column: null, reason: "must be an array or an object" },
      { row: 16, column: null, reason: "must be an array or an object" },
      { row: 17, column: "name", reason: "is not valid Unicode" },
      { row: 18, column: "name", reason: "contains a NUL" },
      { row: 19, column: "id", reason: "must be a whole number from 1 to 2147483647" },
      { row: 20, column: "name", reason: "is longer than 255 characters" },
    ]);
    expect(await ingest.rows("SELECT name FROM hired_employees WHERE id = 25")).toEqual([
      { name: "'; DROP TABLE jobs; --" },
    ]);
  });

  it("are 1 to 1,000", async () => {
    const rows = (first: number, number: number) => Array.from({ length: number }, (_, i) => [first + i, "Baker"]);
    expect(await stored("jobs", rows(1000, 1000))).toMatchObject({ received: 1000, inserted: 1000, rejected: 0 });
    await problemOf(await send("jobs", rows(5000, 1001)), 413);
    expect(await count("jobs WHERE id >= 5000")).toBe(0);
    expect((await problemOf(await send("jobs", []), 422)).errors?.[0]?.path).toBe("rows");
  });

  it("are refused in any other shape", async () => {
    const post = (body: string, headers: Record<string, string> = { "Content-Type": "application/json" }) =>
      ingest.call("POST", "/ingest/jobs/rows", { body, headers });
    expect((await problemOf(await send("jobs", { id: 1 }), 422)).errors?.[0]?.path).toBe("rows");
    expect((await problemOf(await post("{}"), 422)).errors?.[0]?.path).toBe("rows");
    expect((await problemOf(await send("jobs", [[1, "a"]], { table: "jobs" }), 422)).errors?.[0]?.path).toBe("table");
    await problemOf(await post('{"rows":[[1,'), 400);
    await problemOf(await post(""), 400);
    await problemOf(await post("rows", { "Content-Type": "text/csv" }), 415);
    await problemOf(await post(`{"rows":["${"x".repeat(9 * 1024 * 1024)}"]}`), 413);
    await problemOf(await ingest.call("POST", "/ingest/jobs/rows?x=1", { json: { rows: [[1, "a"]] } }), 400);
    await problemOf(await send("people", [[1, "a"]]), 404);
    await problemOf(await ingest.call("GET", "/ingest/jobs/rows"), 405);
  });

  it("are for staff", async () => {
    const json = { rows: "nonsense" };
    const none = await ingest.call("POST", "/ingest/nowhere/rows?x=1", { json, by: null });
    expect(none.headers.get("www-authenticate")).toMatch(/Bearer.*Basic/);
    await problemOf(none, 401);
    await problemOf(await ingest.call("POST", "/ingest/jobs/rows", { json, by: ingest.people.plain.bearer }), 403);
  });

  it("return the first response again for the same key", async () => {
    const headers = { "Idempotency-Key": "rows-1" };
    const first = await send("jobs", [[7001, "Baker"]], {}, headers);
    const again = await send("jobs", [[7001, "Baker"]], {}, headers);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.json()).toEqual(await first.json());
    await problemOf(await send("jobs", [[7002, "Baker"]], {}, headers), 422);
  });

  it("with one id are stored once when sent concurrently", async () => {
    const responses = await Promise.all(
      Array.from({ length: 8 }, async () =>
        (
          await send("jobs", [
            [8001, "Baker"],
            [8002, "Cook"],
          ])
        ).json(),
      ), // both ids each time
    );
    const inserted = (responses as { inserted: number }[]).reduce((sum, response) => sum + response.inserted, 0);
    expect(inserted).toBe(2);
  });
});

describe("a table", () => {
  it("is paged by id for any account", async () => {
    const by = ingest.people.plain.basic;
    const ids: number[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor ? `&cursor=${cursor}` : "";
      const response = await ingest.call("GET", `/ingest/departments?limit=5${query}`, { by });
      const page = (await response.json()) as { rows: { id: number }[]; nextCursor: string | null };
      ids.push(...page.rows.map((row) => row.id));
      cursor = page.nextCursor;
    } while (cursor);
    expect(ids).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    const first = (await (await ingest.call("GET", "/ingest/departments?limit=1", { by })).json()) as {
      nextCursor: string;
    };
    await problemOf(await ingest.call("GET", `/ingest/jobs?cursor=${first.nextCursor}`), 400);
    await problemOf(await ingest.call("GET", "/ingest/departments?cursor=' OR 1=1 --"), 400);
    await problemOf(await ingest.call("GET", "/ingest/departments?order=id"), 400);
    await problemOf(await ingest.call("GET", "/ingest/people"), 404);
    await problemOf(await ingest.call("GET", "/ingest/departments", { by: null }), 401);
  });

  it("is emptied by staff, unless rows of another refer to it", async () => {
    await using other = await openIngest();
    await other.load("departments", departments);
    await other.load("jobs", jobs);
    await other.load("hired_employees", "1,Ada,2021-01-01T00:00:00Z,1,1\n2,Bob,2021-01-01T00:00:00Z,1,1\n");
    const problem = await problemOf(await other.call("DELETE", "/ingest/departments"), 409);
    expect(problem.errors).toEqual([
      { path: "hired_employees.department_id", message: "2 rows would refer to no row of departments" },
    ]);
    await problemOf(await other.call("DELETE", "/ingest/jobs"), 409);
    await problemOf(await other.call("DELETE", "/ingest/jobs", { by: other.people.plain.bearer }), 403);
    await problemOf(await other.call("DELETE", "/ingest/jobs", { by: null }), 401);
    await problemOf(await other.call("DELETE", "/ingest/people"), 404);
    await problemOf(await other.call("DELETE", "/ingest/jobs?force=true"), 400);
    expect((await other.call("DELETE", "/ingest/hired_employees")).status).toBe(204);
    expect((await other.call("DELETE", "/ingest/jobs")).status).toBe(204);
    expect((await other.call("DELETE", "/ingest/jobs")).status).toBe(204);
    expect(await (await other.call("GET", "/ingest/jobs")).json()).toEqual({ rows: [], nextCursor: null });
  });
});

describe("reports", () => {
  it("count the hires of a year", async () => {
    await using other = await openIngest();
    await other.load("departments", "1,Supply\n2,Maintenance\n3,Idle\n4,Supply\n");
    await other.load("jobs", "1,Manager\n2,Analyst\n");
    const at = (id: number, moment: string, department: number, job: number) =>
      `${id},P,${moment},${department},${job}\n`;
    await other.load(
      "hired_employees",
      at(1, "2021-01-01T00:00:00Z", 1, 1) +
        at(2, "2021-03-31T23:59:59.999Z", 1, 1) +
        at(3, "2021-04-01T00:00:00Z", 1, 1) +
        at(4, "2021-12-31T23:59:59.999Z", 1, 2) +
        at(5, "2021-12-31T23:59:59-01:00", 1, 2) +
        at(6, "2020-12-31T23:59:59.999Z", 1, 2) +
        at(7, "2021-07-01T00:00:00Z", 2, 2) +
        at(8, "2021-10-01T00:00:00Z", 2, 2) +
        at(9, "9999-12-31T23:59:59.999Z", 2, 2),
    );
    const by = other.people.plain.basic;
    const report = async (name: string, year: number) =>
      (await other.call("GET", `/ingest/reports/${name}?year=${year}`, { by })).json();
    expect(await report("hired-by-quarter", 2021)).toEqual({
      year: 2021,
      rows: [
        { department: "Maintenance", job: "Analyst", q1: 0, q2: 0, q3: 1, q4: 1 },
        { department: "Supply", job: "Analyst", q1: 0, q2: 0, q3: 0, q4: 1 },
        { department: "Supply", job: "Manager", q1: 2, q2: 1, q3: 0, q4: 0 },
      ],
    });
    expect(await report("departments-above-mean", 2021)).toEqual({
      year: 2021,
      mean: 1.5,
      rows: [
        { id: 1, department: "Supply", hired: 4 },
        { id: 2, department: "Maintenance", hired: 2 },
      ],
    });
    expect(await report("hired-by-quarter", 9999)).toMatchObject({ rows: [{ department: "Maintenance", q4: 1 }] });
    expect(await report("departments-above-mean", 1900)).toEqual({ year: 1900, mean: 0, rows: [] });
    for (const name of ["hired-by-quarter", "departments-above-mean"]) {
      for (const query of ["", "?year=", "?year=1899", "?year=10000", "?year=x", "?year=2021'--", "?year=2021&q=1"]) {
        const path = `/ingest/reports/${name}${query}`;
        const wanted = query.includes("q=1") ? "q" : "year";
        expect((await problemOf(await other.call("GET", path), 400)).errors?.[0]?.path).toBe(wanted);
      }
      await problemOf(await other.call("GET", `/ingest/reports/${name}?year=2021`, { by: null }), 401);
      await problemOf(await other.call("POST", `/ingest/reports/${name}?year=2021`), 405);
    }
  });

  it("are empty when there is nothing", async () => {
    await using other = await openIngest();
    const response = await other.call("GET", "/ingest/reports/departments-above-mean?year=2021");
    expect(await response.json()).toEqual({ year: 2021, mean: 0, rows: [] });
  });
});

describe("the app", () => {
  it("is healthy, has a document, and serves no other path", async () => {
    expect(await (await ingest.call("GET", "/ingest/health", { by: null })).json()).toMatchObject({ status: "ok" });
    const document = (await (await ingest.call("GET", "/ingest/openapi.json", { by: null })).json()) as {
      paths: Record<string, object>;
    };
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(["/ingest/{table}/csv", "/ingest/loads/{id}/rejects", "/ingest/reports/hired-by-quarter"]),
    );
    await problemOf(await ingest.call("GET", "/ingest/jobs/nothing"), 404);
  });
});
