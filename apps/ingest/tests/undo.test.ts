import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest({ batchRows: 40, batchMs: 20 });
  const required = { constraints: { required: true, maxLength: 40 } };
  const schema = {
    fields: [
      { name: "site", type: "string", ...required },
      { name: "no`", type: "integer", constraints: { required: true } },
      { name: "load_id", type: "string", constraints: { unique: true, maxLength: 40 } },
      { name: "value", type: "number" },
      { name: "job", type: "integer" },
    ],
    primaryKey: ["site", "no`"],
    foreignKeys: [{ fields: "job", reference: { resource: "jobs", fields: "id" } }],
  };
  expect((await ingest.call("PUT", "/ingest/tables/meters", { json: schema })).status).toBe(201);
});
afterAll(() => ingest[Symbol.asyncDispose]());

const meters = (rows: Iterable<number>, value = "1.5", tag = "t") =>
  [...rows].map((n) => `S${n % 3},${n},${tag}${n},${value},${n % 2 === 0 ? (n % 5) + 1 : ""}\n`).join("");
const span = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const contentOf = (table: string) => ingest.rows(`SELECT *, _load FROM ${table} ORDER BY 1, 2`);
const undo = (id: number) => ingest.call("DELETE", `/ingest/loads/${id}?undo=true`);
const refused = async (id: number) => (await problemOf(await undo(id), 409)) as object as Load & { detail: string };

let first: Load;
beforeEach(async () => {
  // Not DELETE: rows that are not purged yet make batches wait for each other.
  await ingest.rows("TRUNCATE meters");
  for (const table of ["before_meters", "jobs", "before_jobs"]) await ingest.rows(`DELETE FROM ${table}`);
  await ingest.load(
    "jobs",
    span(1, 10)
      .map((n) => `${n},Job ${n}\n`)
      .join(""),
  );
  first = await ingest.load("meters", meters(span(1, 150)));
  expect(first).toMatchObject({ inserted: 150, rejected: 0, undoneAt: null });
});

describe("a load of any mode is undone", () => {
  const changed = `${meters(span(101, 150))}${meters(span(151, 260), "2.5")}`;
  it.each([
    ["?mode=insert", `${changed}S1,1,u,1,\n`, 110],
    ["?mode=insert&maxRejects=100%", changed, 110],
    // Some rows are the same, some keys come twice, one has a unique value of another row.
    ["?mode=upsert", `${changed}${meters(span(90, 120), "3.5")}S9,1,t1,1,\nS1,1,t2,1,\n`, 110],
    ["?mode=upsert&maxRejects=100%", `${changed}${meters(span(90, 120), "3.5")}`, 110],
    ["?mode=replace", `${changed}${meters([1], "1.5", "t2")}${meters([2], "1.5", "moved")}`, 162],
    ["?mode=merge", `${changed}${meters(span(90, 120), "3.5")}`, 171],
  ])("%s", async (query, file, rows) => {
    const before = await contentOf("meters");
    const load = await ingest.load("meters", file, query);
    const after = await contentOf("meters");
    expect(after).not.toEqual(before);
    if (!query.includes("insert") && !query.includes("upsert")) expect(after).toHaveLength(rows);
    const undone = (await (await undo(load.id)).json()) as Load;
    expect(undone).toMatchObject({ id: load.id, status: "done", undoneAt: expect.any(String) });
    expect(await contentOf("meters")).toEqual(before);
    expect(await ingest.rows("SELECT * FROM before_meters")).toEqual([]);
    expect(await (await undo(load.id)).json()).toEqual(undone);
    expect(await contentOf("meters")).toEqual(before);
    expect(await (await ingest.call("GET", `/ingest/loads/${load.id}`)).json()).toEqual(undone);
    // The load before it as well, and the same file again.
    expect((await undo(first.id)).status).toBe(200);
    expect(await contentOf("meters")).toEqual([]);
  });

  it("of which only a part is stored, since it was cancelled", async () => {
    const { id } = first;
    await ingest.rows("UPDATE ingest_loads SET status = 'cut off', request_key = NULL WHERE id = ?", [id]);
    expect((await refused(id)).detail).toContain("it is cut off. Cancel it first");
    expect((await ingest.call("DELETE", `/ingest/loads/${id}`)).status).toBe(202);
    expect((await undo(id)).status).toBe(200);
    expect(await contentOf("meters")).toEqual([]);
  });

  it("and its Idempotency-Key is free again", async () => {
    const key = { "Idempotency-Key": "mistake" };
    const load = await ingest.load("meters", meters([500]), "", key);
    expect((await undo(load.id)).status).toBe(200);
    const again = await ingest.load("meters", meters([500, 501]), "", key);
    expect(again).toMatchObject({ inserted: 2 });
    expect(again.id).not.toBe(load.id);
  });
});

describe("a load is not undone", () => {
  const touched = "Nothing was undone, because rows of the load were touched since: ";

  it("when a later load has changed or deleted its rows, until that one is undone", async () => {
    const before = await contentOf("meters");
    const second = await ingest.load("meters", meters(span(1, 3), "7"), "?mode=upsert");
    const third = await ingest.load("meters", meters([...span(1, 2), ...span(5, 150)]), "?mode=merge");
    const now = await contentOf("meters");
    const problem = await refused(first.id);
    expect(problem.detail).toBe(
      `${touched}3 rows changed, stored or deleted by load ${second.id}; 1 row changed, stored or deleted by load ${third.id}.`,
    );
    expect(problem).toMatchObject({ loadId: first.id, loadStatus: "done" });
    expect((await refused(second.id)).detail).toContain(`3 rows changed, stored or deleted by load ${third.id}`);
    expect(await contentOf("meters")).toEqual(now);
    for (const { id } of [third, second]) expect((await undo(id)).status).toBe(200);
    expect(await contentOf("meters")).toEqual(before);
    expect((await undo(first.id)).status).toBe(200);
  });

  it("when its rows were stored again by a request, deleted by hand or restored", async () => {
    const hand = "changed, stored or deleted by a restore, a request or another writer.";
    const merge = await ingest.load("meters", meters(span(3, 150)), "?mode=merge");
    await ingest.call("POST", "/ingest/meters/rows", { json: { rows: [["S1", 1, null, 1, null]] } });
    expect((await refused(merge.id)).detail).toBe(`${touched}1 row ${hand}`);
    await ingest.rows("DELETE FROM meters WHERE site = 'S1' AND `no``` = 1");
    expect((await undo(merge.id)).status).toBe(200);
    await ingest.rows("DELETE FROM meters WHERE `no``` <= 2");
    expect((await refused(first.id)).detail).toBe(`${touched}2 rows ${hand}`);

    const jobs = await ingest.load("jobs", "50,Baker\n51,Cook\n");
    const { name } = (await (await ingest.call("POST", "/ingest/jobs/backups")).json()) as { name: string };
    const changed = await ingest.load("jobs", "50,Nurse\n", "?mode=upsert");
    expect((await ingest.call("POST", "/ingest/jobs/restore", { json: { name } })).status).toBe(200);
    expect((await refused(changed.id)).detail).toBe(`${touched}1 row ${hand}`);
    expect((await refused(jobs.id)).detail).toContain(`by load ${changed.id}`);
  });

  it("when references or unique values would break", async () => {
    const jobs = await ingest.load("jobs", "70,Baker\n");
    await ingest.load("meters", "S1,700,a,1,70\n");
    expect((await refused(jobs.id)).detail).toBe(
      "Nothing was changed. meters.job: 1 row would refer to no row of jobs.",
    );
    const merge = await ingest.load("meters", meters(span(2, 150)), "?mode=merge");
    await ingest.load("meters", "S1,900,t1,1,\n");
    expect((await refused(merge.id)).detail).toContain("a value now that must be unique");
    expect((await ingest.rows("SELECT COUNT(*) AS n FROM meters"))[0]).toEqual({ n: 150 });
  });

  it("when it stored nothing, or not in a way that can be undone", async () => {
    const dry = await ingest.load("meters", meters([300]), "?dryRun=true");
    expect((await refused(dry.id)).detail).toContain("a dry run");
    const response = await ingest.call("POST", "/ingest/meters/csv?mode=replace", {
      body: "x\n",
      headers: { "Content-Type": "text/csv" },
    });
    const { loadId } = (await problemOf(response, 422)) as { loadId?: number };
    expect((await refused(loadId ?? 0)).detail).toContain("it has failed");
    await ingest.rows("UPDATE ingest_loads SET state = NULL WHERE id = ?", [first.id]);
    expect((await refused(first.id)).detail).toContain("an earlier version");
    await problemOf(await ingest.call("DELETE", `/ingest/loads/${first.id}?undo=yes`), 400);
    await problemOf(await undo(999_999), 404);
    const plain = ingest.people.plain.bearer;
    await problemOf(await ingest.call("DELETE", `/ingest/loads/${first.id}?undo=true`, { by: plain }), 403);
  });
});

describe("at the same time", () => {
  it("undoing twice, and loading the same rows, leaves one or the other", async () => {
    for (let round = 0; round < 3; round++) {
      const load = await ingest.load("meters", meters(span(200, 300)));
      const [one, two, three] = await Promise.all([
        undo(load.id),
        undo(load.id),
        ingest.load("meters", meters(span(250, 350), "9"), "?mode=upsert"),
      ]);
      const statuses = [one!.status, two!.status].sort();
      expect([
        [200, 200],
        [409, 409],
      ]).toContainEqual(statuses);
      const rows = await ingest.rows("SELECT COUNT(*) AS n FROM meters WHERE `no``` >= 200");
      expect(rows[0]).toEqual({ n: statuses[0] === 200 ? 101 : 151 });
      expect((await undo(three.id)).status).toBe(200);
      if (statuses[0] === 409) expect((await undo(load.id)).status).toBe(200);
      expect((await ingest.rows("SELECT COUNT(*) AS n FROM meters"))[0]).toEqual({ n: 150 });
    }
  });
});
