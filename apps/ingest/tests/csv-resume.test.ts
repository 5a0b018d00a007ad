import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { testMysql } from "@quintet/db/testing";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { departments, hires, jobs, listen, problemOf, type TestIngest } from "./open-ingest.ts";
import { chief, ownProcessEnv, startIngest } from "./own-process.ts";
import { slowUpload } from "./slow-upload.ts";

let ingest: TestIngest;
let origin: string;
beforeAll(async () => {
  ({ ingest, origin } = await listen({ batchRows: 100, batchMs: 30 }));
});
afterAll(() => ingest[Symbol.asyncDispose]());

const loadsOf = async () => ((await (await ingest.call("GET", "/ingest/loads")).json()) as { loads: Load[] }).loads;
const upload = (table: string, headers: Record<string, string> = {}, query = "") =>
  slowUpload(`${origin}/ingest/${table}/csv${query}`, { Authorization: ingest.people.staff.bearer, ...headers });
const storedHires = async (from: number, to: number) =>
  (await ingest.rows("SELECT COUNT(*) AS n FROM hired_employees WHERE id BETWEEN ? AND ?", [from, to]))[0]?.n;

/** The newest load once it is as wanted. */
async function newest(wanted: Partial<Load>): Promise<Load> {
  return vi.waitFor(async () => {
    const [load] = await loadsOf();
    expect(load).toMatchObject(wanted);
    return load!;
  }, 10_000);
}

describe("a load that is cut off", () => {
  it("keeps its complete batches, is marked, and resumes with the same key", async () => {
    const text = `${hires(1000, 250)}bad line\n${hires(1250, 250)}1000,Again,2021-01-01T00:00:00Z,1,1\n`;
    const first = upload("hired_employees", { "Idempotency-Key": "one" });
    await first.send(text.slice(0, 9000));
    const running = await newest({ status: "running" });
    await vi.waitFor(async () => expect((await loadsOf())[0]!.inserted).toBeGreaterThan(150), 20_000);
    first.cut();
    const cut = await newest({ id: running.id, status: "cut off" });
    expect(cut.inserted + cut.rejected).toBe(cut.received);
    expect(await storedHires(1000, 1499)).toBe(cut.inserted);

    const again = await ingest.load("hired_employees", text, "", { "Idempotency-Key": "one" });
    expect(again).toMatchObject({ id: cut.id, status: "done", received: 502, inserted: 500, rejected: 2 });
    expect(again.bytes).toBe(text.length);
    expect(await storedHires(1000, 1499)).toBe(500);
    const rejects = await (await ingest.call("GET", again.rejectsUrl)).text();
    expect(rejects.split("\r\n").slice(1, -1)).toEqual([
      '251,,"has 1 column, not 5",bad line',
      '502,id,duplicate id,"1000,Again,2021-01-01T00:00:00Z,1,1"',
    ]);

    const third = await ingest.call("POST", "/ingest/hired_employees/csv", {
      body: text,
      headers: { "Content-Type": "text/csv", "Idempotency-Key": "one" },
    });
    expect(third.headers.get("idempotency-replayed")).toBe("true");
    expect(await third.json()).toEqual(again);
  });

  it("resumes with the column order of its header", async () => {
    const text = `name,id,datetime,department_id,job_id\n${hires(5000, 300).replace(/^(\d+),([^,]*)/gm, "$2,$1")}`;
    const first = upload("hired_employees", { "Idempotency-Key": "reordered" });
    await first.send(text.slice(0, 8000));
    await newest({ status: "running" });
    await vi.waitFor(async () => expect((await loadsOf())[0]!.inserted).toBeGreaterThan(0), 20_000);
    first.cut();
    const cut = await newest({ status: "cut off" });
    const again = await ingest.load("hired_employees", text, "", { "Idempotency-Key": "reordered" });
    expect(again).toMatchObject({ id: cut.id, status: "done", inserted: 300, rejected: 0 });
  });

  it("accepts no other file, table or mode for its key, before and after its end", async () => {
    const text = hires(2000, 300);
    const first = upload("hired_employees", { "Idempotency-Key": "two" });
    await first.send(text.slice(0, 8000));
    await newest({ status: "running" });
    await vi.waitFor(async () => expect((await loadsOf())[0]!.inserted).toBeGreaterThan(0), 20_000);
    first.cut();
    const cut = await newest({ status: "cut off" });
    const send = (body: string, query = "") =>
      ingest.call("POST", `/ingest/hired_employees/csv${query}`, {
        body,
        headers: { "Content-Type": "text/csv", "Idempotency-Key": "two" },
      });
    const others = [text.replace("Person 2000", "Person x000"), text.slice(0, 100)];
    for (const other of others) {
      expect((await problemOf(await send(other), 422)).detail).toMatch(/different file/);
      expect((await loadsOf())[0]).toMatchObject({ id: cut.id, status: "cut off", inserted: cut.inserted });
    }
    expect((await problemOf(await send(text, "?mode=upsert"), 422)).detail).toMatch(/different load/);
    expect((await problemOf(await send(text, "?dryRun=true"), 422)).detail).toMatch(/different load/);
    expect(await (await send(text)).json()).toMatchObject({ id: cut.id, inserted: 300, rejected: 0 });
    for (const other of [...others, `${text}9,x`]) await problemOf(await send(other), 422);
    // The key belongs to the account and the table.
    await ingest.load("jobs", "7001,a\n", "", { "Idempotency-Key": "two" });
  });

  it("is a 409 while it runs", async () => {
    const first = upload("jobs", { "Idempotency-Key": "three" });
    await first.send("8001,a\n");
    await newest({ status: "running", inserted: 1 });
    const second = await ingest.call("POST", "/ingest/jobs/csv", {
      body: "8001,a\n",
      headers: { "Content-Type": "text/csv", "Idempotency-Key": "three" },
    });
    expect(second.headers.get("retry-after")).toBe("2");
    await problemOf(second, 409);
    await first.send("8002,b");
    expect(JSON.parse((await first.end()).body)).toMatchObject({ received: 2, inserted: 2, status: "done" });
  });

  it("starts over after it failed, because the file may have been corrected", async () => {
    await ingest.load("departments", "301,x\n302,y\n");
    await ingest.load("hired_employees", "3001,A,2021-01-01T00:00:00Z,301,1\n");
    const send = () =>
      ingest.call("POST", "/ingest/departments/csv?mode=replace", {
        body: `${departments}302,y\n`,
        headers: { "Content-Type": "text/csv", "Idempotency-Key": "four" },
      });
    const refused = await problemOf(await send(), 409);
    await ingest.rows("DELETE FROM hired_employees WHERE id = 3001");
    const again = await send();
    expect(again.headers.has("idempotency-replayed")).toBe(false);
    const load = (await again.json()) as Load;
    expect(load).toMatchObject({ status: "done", rejected: 0 });
    expect(refused).toMatchObject({ loadId: expect.any(Number) });
    expect(refused).not.toMatchObject({ loadId: load.id });
  });

  it.each(["done", "cut off"])("that is %s releases its key after two days", async (status) => {
    const key = { "Idempotency-Key": `old-${status.replace(" ", "-")}` };
    const [file, other] = ["9101,a\n", "9102,b\n"];
    const { id } = await ingest.load("jobs", file, "", key);
    const age = (minutes: number) =>
      ingest.rows(
        `UPDATE ingest_loads SET status = '${status}', beat_at = UTC_TIMESTAMP(3) - INTERVAL ${minutes} MINUTE,
          finished_at = ${status === "done" ? "beat_at" : "NULL"} WHERE id = ${id}`,
      );
    const send = (body: string) =>
      ingest.call("POST", "/ingest/jobs/csv", { body, headers: { "Content-Type": "text/csv", ...key } });
    await age(48 * 60 - 1);
    await problemOf(await send(other), 422);
    await age(48 * 60);
    const anew = (await (await send(other)).json()) as Load;
    expect(anew).toMatchObject({ status: "done", inserted: 1 });
    expect(anew.id).not.toBe(id);
    await ingest.rows("DELETE FROM jobs WHERE id IN (9101, 9102)");
  });

  it.each(["replace", "upsert", "merge"])("resumes in mode %s", async (mode) => {
    const text = `${jobs}${Array.from({ length: 400 }, (_, i) => `${9000 + i},${mode} ${i}\n`).join("")}`;
    const headers = { "Idempotency-Key": `five ${mode}`.replace(" ", "-") };
    const first = upload("jobs", headers, `?mode=${mode}`);
    await first.send(text.slice(0, 6000));
    await newest({ status: "running" });
    await vi.waitFor(async () => expect((await loadsOf())[0]!.received).toBeGreaterThan(150), 20_000);
    first.cut();
    await newest({ status: "cut off" });
    const load = await ingest.load("jobs", text, `?mode=${mode}`, headers);
    expect(load).toMatchObject({ received: 583, rejected: 0, status: "done" });
    expect(load.inserted + load.updated).toBe(583);
    expect((await ingest.rows("SELECT COUNT(*) AS n FROM jobs WHERE job LIKE ?", [`${mode}%`]))[0]?.n).toBe(400);
    if (mode !== "upsert") expect((await ingest.rows("SELECT COUNT(*) AS n FROM jobs"))[0]?.n).toBe(583);
    expect((await ingest.rows("SELECT COUNT(*) AS n FROM staged_jobs"))[0]?.n).toBe(0);
  });

  it("resumes after the last batch of the previous attempt, even one committed during the claim", async () => {
    const keyed = { "Idempotency-Key": "late-batch" };
    const text = "9701,a\n9702,b\n9703,c\n";
    const first = upload("jobs", keyed);
    await first.send(text.slice(0, 7));
    const { id } = await newest({ status: "running", inserted: 1 });
    first.cut();
    await newest({ id, status: "cut off" });
    const { loads } = ingest.deps;
    const { db } = loads;
    const lateBatch = async () => {
      const digest = createHash("sha256").update(text.slice(0, 14)).digest("hex");
      await ingest.rows("INSERT INTO jobs VALUES (9702, 'b')");
      await ingest.rows(
        `UPDATE ingest_loads SET received = 2, inserted = 2, byte_count = 14, line_count = 2, digest = '${digest}' WHERE id = ${id}`,
      );
    };
    const query = async (sql: string, values: Record<string, number | string>) => {
      if (sql.includes("SET owner = :owner")) await lateBatch();
      return db.query({ sql, values });
    };
    Object.assign(loads, {
      db: new Proxy(db, { get: (pool, name) => (name === "query" ? query : Reflect.get(pool, name)) }),
    });
    try {
      const load = await ingest.load("jobs", text, "", keyed);
      expect(load).toMatchObject({ id, status: "done", received: 3, inserted: 3, rejected: 0 });
    } finally {
      Object.assign(loads, { db });
    }
  });

  it("without a key is only marked, and its staged rows are deleted", async () => {
    const staged = upload("jobs", {}, "?mode=replace");
    await staged.send("9801,a\n98");
    await newest({ status: "running", staged: 1 });
    staged.cut();
    await newest({ status: "cut off" });
    await vi.waitFor(async () => expect(await ingest.rows("SELECT * FROM staged_jobs")).toEqual([]), 10_000);

    const first = upload("jobs");
    await first.send("9901,a\n9902,b\n99");
    await newest({ status: "running", inserted: 2 });
    first.cut();
    expect(await newest({ status: "cut off" })).toMatchObject({ received: 2, inserted: 2, bytes: 14 });
  });

  it("is cut off too when the file is a multipart part", async () => {
    const first = upload("jobs", { "Content-Type": "multipart/form-data; boundary=b" });
    await first.send('--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n9951,a\n9952,b\n99');
    await newest({ status: "running", inserted: 2 });
    first.cut();
    await newest({ status: "cut off", inserted: 2 });
  });

  it("is cut off too when the body is a web stream", async () => {
    const parts = ["9961,a\n", "9962,b\n99"];
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const part = parts.shift();
        if (part !== undefined) return controller.enqueue(Buffer.from(part));
        await newest({ status: "running", inserted: 2 });
        controller.error(new Error("gone"));
      },
    });
    const response = await ingest.call("POST", "/ingest/jobs/csv", { body, headers: { "Content-Type": "text/csv" } });
    expect((await problemOf(response, 400)).detail).toMatch(/ended early/);
    await newest({ status: "cut off", inserted: 2 });
  });
});

describe("a process that dies in the middle", () => {
  const env: Record<string, string> = {};
  let database: Awaited<ReturnType<typeof testMysql>>;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    database = await testMysql(inject("mysqlUrl"));
    Object.assign(env, ownProcessEnv(database.url), {
      LOADING: JSON.stringify({ batchRows: 100, batchMs: 30, heartbeatTimeoutMs: 1500 }),
    });
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await database[Symbol.asyncDispose]();
  });

  async function start(): Promise<{ child: ChildProcess; url: string }> {
    const started = await startIngest(env);
    children.push(started.child);
    return started;
  }

  it("leaves a load that another process resumes, without duplicate rows", async () => {
    const one = await start();
    const headers = { Authorization: chief, "Content-Type": "text/csv" };
    for (const [table, body] of [
      ["departments", departments],
      ["jobs", jobs],
    ]) {
      expect((await fetch(`${one.url}/ingest/${table}/csv`, { method: "POST", headers, body: body! })).status).toBe(
        200,
      );
    }
    const text = `${hires(1, 1000)}1,Twice,2021-01-01T00:00:00Z,1,1\n`;
    const keyed = { ...headers, "Idempotency-Key": "dies" };
    const first = slowUpload(`${one.url}/ingest/hired_employees/csv`, keyed);
    await first.send(text.slice(0, 25_000));
    const db = await createConnection(database.url);
    const stored = async () => {
      const [rows] = await db.query<RowDataPacket[]>("SELECT COUNT(*) AS n FROM hired_employees");
      return Number(rows[0]?.n);
    };
    await vi.waitFor(async () => expect(await stored()).toBeGreaterThan(300), 10_000);
    one.child.kill("SIGKILL");
    await once(one.child, "exit");
    const before = await stored();
    expect(before).toBeLessThan(1000);

    const two = await start();
    const send = () => fetch(`${two.url}/ingest/hired_employees/csv`, { method: "POST", headers: keyed, body: text });
    // A 409 until the silence of the first process has lasted long enough.
    const response = await vi.waitFor(
      async () => {
        const tried = await send();
        expect(tried.status).toBe(200);
        return (await tried.json()) as Load;
      },
      { timeout: 10_000, interval: 100 },
    );
    expect(response).toMatchObject({ status: "done", received: 1001, inserted: 1000, rejected: 1, bytes: text.length });
    expect(await stored()).toBe(1000);
    await db.end();
  });
});
