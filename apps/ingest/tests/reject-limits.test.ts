import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest({ batchRows: 100, batchMs: 20 });
});
afterAll(() => ingest[Symbol.asyncDispose]());

const before = [
  { id: 1, job: "Cook" },
  { id: 2, job: "Nurse" },
];
beforeEach(async () => {
  await ingest.load("jobs", "1,Cook\n2,Nurse\n", "?mode=replace");
});

const send = (body: string | Buffer, query: string, headers: Record<string, string> = {}) =>
  ingest.call("POST", `/ingest/jobs/csv${query}`, { body, headers: { "Content-Type": "text/csv", ...headers } });
const all = () => ingest.rows("SELECT id, job FROM jobs ORDER BY id");
const lines = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => `${first + i},Job ${first + i}\n`).join("");
const faulty = (count: number) => "x,faulty\n".repeat(count);

describe("a replacement by a wrong file", () => {
  it.each([
    ["an error page", "<html>\n<head><title>502 Bad Gateway</title></head>\n<body></body>\n</html>\n", 422],
    ["semicolons and a column too many", "id;job;pay\n1;Cook;5\n2;Nurse;6\n", 422],
    ["tabs and another name", "id\tpuesto\n1\tCook\n", 422],
    ["a header alone", "id,job\n", 422],
    ["a header below a title, alone", "Jobs\nid,job\n", 422],
    ["one newline", "\n", 422],
    ["empty lines", "\r\n\r\n\n", 422],
    ["a byte order mark alone", "\ufeff", 422],
    ["nothing", "", 400],
    ["a column too many", "1,Cook,x\n2,Nurse,y\n", 422],
    ["UTF-32", Buffer.from("fffe00003100000a", "hex"), 422],
    ["Cyrillic of one byte", Buffer.from("312cd0eee1eef2e0eff00a", "hex"), 422],
    ["a faulty row among good ones", `${lines(1, 250)}x,y\n${lines(300, 10)}`, 422],
    ["one id twice", "1,Cook\n1,Baker\n", 422],
    ["binary", Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 7919) % 256)), 422],
  ])("leaves the table as it is: %s", async (_, file, status) => {
    for (const query of ["?mode=replace", "?mode=replace&dryRun=true"]) {
      const problem = (await problemOf(await send(file, query), status)) as object as Load & { loadId: number };
      expect(await all()).toEqual(before);
      if (status === 400) continue;
      expect(problem).toMatchObject({ loadStatus: "failed", inserted: 0, updated: 0 });
      expect(problem.staged + problem.rejected).toBe(problem.received);
      const load = (await (await ingest.call("GET", `/ingest/loads/${problem.loadId}`)).json()) as Load;
      expect(load).toMatchObject({ status: "failed", received: problem.received, rejected: problem.rejected });
      const rejects = await (await ingest.call("GET", load.rejectsUrl)).text();
      expect(rejects === "line,column,reason,raw\r\n").toBe(problem.rejected === 0);
      expect(await ingest.rows("SELECT * FROM staged_jobs")).toEqual([]);
    }
  });

  it("releases its key, for the same file and for another", async () => {
    const headers = { "Idempotency-Key": "refused" };
    const file = `${lines(1, 3)}${faulty(2)}`;
    const first = await problemOf(await send(file, "?mode=replace", headers), 422);
    const again = await send(file, "?mode=replace", headers);
    expect(again.headers.has("idempotency-replayed")).toBe(false);
    const second = await problemOf(again, 422);
    expect(second.detail).toBe(first.detail);
    expect((second as { loadId?: number }).loadId).not.toBe((first as { loadId?: number }).loadId);
    expect((await problemOf(await send("x,y\n", "?mode=replace&maxRejects=100%", headers), 422)).detail).not.toMatch(
      /different/,
    );
  });

  it("empties the table if allowed, but not by an empty body or against references", async () => {
    await problemOf(await send("", "?mode=replace&allowEmpty=true"), 400);
    await problemOf(await send("x,y\n", "?mode=replace&allowEmpty=true"), 422);
    await problemOf(await send("x,y\n", "?mode=replace&maxRejects=100%"), 422);
    expect(await all()).toEqual(before);
    const load = (await (await send("id,job\n", "?mode=replace&allowEmpty=true")).json()) as Load;
    expect(load).toMatchObject({ status: "done", received: 0, inserted: 0 });
    expect(await all()).toEqual([]);
    expect((await send("x,y\n", "?mode=replace&allowEmpty=true&maxRejects=1")).status).toBe(200);

    await ingest.load("jobs", "1,Cook\n");
    await ingest.load("departments", "1,Kitchen\n");
    await ingest.load("hired_employees", "1,Ada,2021-01-01T00:00:00Z,1,1\n2,Bob,2021-01-01T00:00:00Z,1,1\n");
    for (const query of ["?mode=replace&allowEmpty=true", "?mode=replace&allowEmpty=true&dryRun=true"]) {
      const problem = await problemOf(await send("id,job\n", query), 409);
      expect(problem.detail).toContain("2 rows");
      expect(problem).toMatchObject({ loadStatus: "failed" });
    }
    await ingest.rows("DELETE FROM hired_employees");
  });
});

describe("a file of a row or two", () => {
  it.each([
    ["10 Cook\n", "the only row was rejected, on line 1, because: has 1 column, not 2"],
    ["id,job\n10,Cook,x\n11,Nurse,y\n", "all 2 rows were rejected, such as line 2, because: has 3 columns, not 2"],
    ['id,job\n10,"Co"ok\n', "the only row was rejected, on line 2, because: has text after a closing quote"],
  ])("that cannot be taken apart is refused in a sentence: %s", async (file, sentence) => {
    const problem = await problemOf(await send(file, ""), 422);
    expect(problem.detail).toContain(sentence);
    expect(await all()).toEqual(before);
    expect(await (await send(file, "?maxRejects=100%25")).json()).toMatchObject({ status: "done", inserted: 0 });
  });

  it("has its rejects listed when a value is wrong, or some rows are", async () => {
    for (const file of ["x,Cook\n", "2,again\n", "10,Cook,x\n11,Nurse\n"]) {
      const load = (await (await send(file, "")).json()) as Load;
      expect(load).toMatchObject({ status: "done", rejected: 1 });
    }
  });
});

describe("maxRejects", () => {
  it.each(["replace", "insert", "upsert"])("is the max with which a load in mode %s stores its rows", async (mode) => {
    const file = `${lines(10, 147)}${faulty(3)}`;
    for (const limit of ["2", "1.9%", "0", "0%"]) {
      for (const dryRun of ["", "&dryRun=true"]) {
        const problem = await problemOf(await send(file, `?mode=${mode}&maxRejects=${limit}${dryRun}`), 422);
        expect(problem.errors?.[0]?.path).toBe("maxRejects");
        expect(problem).toMatchObject({ loadStatus: "failed", received: 150, rejected: 3, inserted: 0, staged: 147 });
        expect(await all()).toEqual(before);
      }
    }
    for (const limit of ["3", "2%", "100%"]) {
      const load = (await (await send(file, `?mode=${mode}&maxRejects=${limit}`)).json()) as Load;
      expect(load).toMatchObject({ status: "done", received: 150, rejected: 3, staged: 0 });
      const taken = mode === "insert" ? { inserted: 147, updated: 0 } : {};
      expect(load).toMatchObject(taken);
      expect(await all()).toHaveLength(mode === "replace" ? 147 : 149);
      await ingest.rows("DELETE FROM jobs WHERE id >= 10");
    }
  });

  it("counts what the table does not take, in every mode as without it", async () => {
    const file = `2,again\n10,a\n10,b\n${lines(20, 200)}10,c\n2,d\n`;
    const problem = await problemOf(await send(file, "?maxRejects=3"), 422);
    expect(problem).toMatchObject({ received: 205, rejected: 4, staged: 201 });
    for (const query of ["?", "?mode=upsert"]) {
      const limited = (await (await send(file, `${query}&maxRejects=4`)).json()) as Load;
      const rows = await all();
      await ingest.rows("DELETE FROM jobs WHERE id > 2");
      await ingest.rows("UPDATE jobs SET job = 'Nurse' WHERE id = 2");
      const plain = (await (await send(file, query)).json()) as Load;
      expect(await all()).toEqual(rows);
      const { inserted, updated, rejected } = plain;
      expect(limited).toMatchObject({ received: 205, inserted, updated, rejected, status: "done" });
      await ingest.rows("DELETE FROM jobs WHERE id > 2");
    }
  });

  it("with onError=abort ends the load at the first row too many", async () => {
    const file = `${lines(10, 150)}${faulty(3)}${lines(1000, 5000)}`;
    for (const query of ["?onError=abort", "?onError=abort&mode=upsert", "?onError=abort&mode=replace&maxRejects=2"]) {
      const problem = (await problemOf(await send(file, query), 422)) as object as Load;
      expect(problem).toMatchObject({ loadStatus: "failed", rejected: 3, inserted: 0 });
      expect(problem.received).toBeLessThan(2000);
      expect(await all()).toEqual(before);
    }
    expect(await (await send(lines(10, 250), "?onError=abort")).json()).toMatchObject({ inserted: 250, rejected: 0 });
    expect(await (await send(`${lines(500, 3)}x,y\n`, "?onError=skip")).json()).toMatchObject({
      inserted: 3,
      rejected: 1,
    });
  });

  it("does not overwrite rows that others stored during the upload", async () => {
    const parts = [lines(10, 150)];
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const part = parts.shift();
        if (part !== undefined) return controller.enqueue(Buffer.from(part));
        await vi.waitFor(async () => expect(await ingest.rows("SELECT * FROM staged_jobs")).toHaveLength(150), 10_000);
        await ingest.rows("INSERT INTO jobs VALUES (50, 'Mine')");
        controller.close();
      },
    });
    const response = await ingest.call("POST", "/ingest/jobs/csv?maxRejects=1", {
      body,
      headers: { "Content-Type": "text/csv" },
    });
    expect(await problemOf(response, 409)).toMatchObject({ loadStatus: "failed", inserted: 0, staged: 150 });
    expect(await ingest.rows("SELECT job FROM jobs WHERE id = 50")).toEqual([{ job: "Mine" }]);
  });

  it("stores no row that refers to one deleted during the upload", async () => {
    await ingest.load("departments", "1,Kitchen\n2,Ward\n", "?mode=upsert");
    const hire = (department: number) => `${department},Ada,2021-01-01T00:00:00Z,${department},1\n`;
    const parts = [hire(1) + hire(2)];
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const part = parts.shift();
        if (part !== undefined) return controller.enqueue(Buffer.from(part));
        const staged = () => ingest.rows("SELECT * FROM staged_hired_employees");
        await vi.waitFor(async () => expect(await staged()).toHaveLength(2), 10_000);
        await ingest.rows("DELETE FROM departments WHERE id = 2");
        controller.close();
      },
    });
    const response = await ingest.call("POST", "/ingest/hired_employees/csv?maxRejects=0", {
      body,
      headers: { "Content-Type": "text/csv" },
    });
    expect((await problemOf(response, 409)).errors).toEqual([
      { path: "hired_employees.department_id", message: "1 row would refer to no row of departments" },
    ]);
    expect(await ingest.rows("SELECT id FROM hired_employees")).toEqual([]);
  });

  it.each([
    "maxRejects=-1",
    "maxRejects=x",
    "maxRejects=101%",
    "maxRejects=1.5",
    "maxRejects=",
    "onError=stop",
    "allowEmpty=1",
  ])("is refused as %s", async (query) => {
    const problem = await problemOf(await send("9,x\n", `?${query}`), 400);
    expect(problem.errors?.[0]?.path).toBe(query.split("=")[0]);
  });
});

describe("a file of which everything is rejected", () => {
  it("is not read to its end, and the problem says why", async () => {
    const rows = faulty(5000);
    for (const query of ["", "?mode=upsert", "?dryRun=true"]) {
      const problem = await problemOf(await send(rows, query, { "Idempotency-Key": `all${query}` }), 422);
      expect(problem.detail).toBe(
        "Nothing was stored: the first 1000 rows were all rejected, each because: id must be a whole number from 1 to 2147483647. maxRejects=N or N% allows more.",
      );
      expect(problem).toMatchObject({ loadStatus: "failed", staged: 0 });
      // Batches of a hundred rows that were stored at the same time.
      expect((problem as object as Load).rejected).toBeLessThan(1500);
    }
    expect(await all()).toEqual(before);
  });

  it("is read to its end when rows may be rejected, or when other rows are the reason", async () => {
    const wrong = (await (await send(faulty(1500), "?maxRejects=100%")).json()) as Load;
    expect(wrong).toMatchObject({
      status: "done",
      rejected: 1500,
      reasons: [{ code: "type", column: "id", count: 1500 }],
    });
    const again = (await (await send("1,Cook\n".repeat(1500), "")).json()) as Load;
    expect(again).toMatchObject({ status: "done", rejected: 1500, reasons: [{ code: "duplicate-key", count: 1500 }] });
    const late = (await (await send(`10,Clerk\n${faulty(1500)}`, "")).json()) as Load;
    expect(late).toMatchObject({ status: "done", inserted: 1, rejected: 1500 });
  });

  it.each([
    ["three rows with the same fault", faulty(3), "", 422],
    ["two rows", faulty(2), "", 200],
    ["rows with different faults", `${faulty(2)}1\n`, "", 200],
    ["a good row among them", `${faulty(3)}9,Pilot\n`, "", 200],
    ["rows that may be rejected", faulty(3), "?maxRejects=100%25", 200],
    ["rows that are in the table", "1,a\n1,b\n1,c\n", "", 200],
  ])("is refused at its end, if short, for one fault of the file: %s", async (_, rows, query, status) => {
    const response = await send(rows, query);
    const problem = (await response.json()) as { detail?: string };
    expect([response.status, problem.detail]).toEqual([
      status,
      status === 200
        ? undefined
        : "Nothing was stored: all 3 rows were rejected, such as line 1, because: id must be a whole number from 1 to 2147483647. maxRejects=N or N% allows that, and lists the rows.",
    ]);
  });

  it("ends when the list of rejected rows is full; what was stored stays", async () => {
    const { loads } = ingest.deps;
    loads.maxListedRejects = 250;
    try {
      const key = { "Idempotency-Key": "endless" };
      const file = `20,Clerk\n${faulty(900)}21,Baker\n`;
      for (let times = 0; times < 2; times++) {
        const problem = await problemOf(await send(file, "", key), 422);
        expect(problem).toMatchObject({ loadStatus: "cancelled", inserted: 1 });
        expect(problem.detail).toBe(
          "The load ended early: more than 250 rows were rejected. The 1 valid rows before that are stored.",
        );
      }
      const staged = await problemOf(await send(file, "?maxRejects=100%"), 422);
      expect(staged).toMatchObject({ loadStatus: "failed", inserted: 0 });
      expect(await all()).toEqual([...before, { id: 20, job: "Clerk" }]);
    } finally {
      loads.maxListedRejects = 1_000_000;
    }
  });
});
