import { createHash, randomUUID } from "node:crypto";
import type { MysqlConnection } from "@quintet/db";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { CsvReader } from "../src/csv/csv-reader.ts";
import { tableOrder } from "../src/csv/header.ts";
import { RowBatch } from "../src/csv/row-batch.ts";
import { jobs as jobsTable } from "../src/demo-tables.ts";
import { commitBatch } from "../src/loads/commit-batch.ts";
import { finishLoad } from "../src/loads/finish-load.ts";
import { defaultLoadOptions, type LoadAttempt, type LoadOptions } from "../src/loads/load.ts";
import { OwnershipLost } from "../src/loads/load-problem.ts";
import { claimLoad } from "../src/loads/load-queries.ts";
import { runLoad } from "../src/loads/run-load.ts";
import { startLoad } from "../src/loads/start-load.ts";
import { storeFile } from "../src/loads/store-file.ts";
import { departments, jobs, openIngest, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
let holding: MysqlConnection;
beforeAll(async () => {
  ingest = await openIngest({ batchRows: 2, batchMs: 600_000 });
  await ingest.load("departments", departments);
  await ingest.load("jobs", jobs);
  holding = await ingest.deps.mysql.getConnection();
});
afterAll(async () => {
  holding.destroy();
  await ingest[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await holding.rollback();
  await ingest.rows("DELETE FROM hired_employees");
  await ingest.rows("DELETE FROM jobs WHERE id > 183");
  await ingest.load("departments", departments, "?mode=upsert");
});

const options = (more: Partial<LoadOptions> = {}): LoadOptions => ({ table: "jobs", ...defaultLoadOptions, ...more });
const bytesOf = (text: string) => [Buffer.from(text)][Symbol.iterator]();
async function* file(text: string) {
  yield* bytesOf(text);
}

/** An attempt at a new load, of which nothing is stored yet. */
async function begin(wanted: LoadOptions): Promise<LoadAttempt> {
  const by = { accountId: 1, username: "test", key: randomUUID() };
  const started = await startLoad(ingest.deps.loads, jobsTable, wanted, by);
  if (started.state !== "attempt") throw new Error("it has ended");
  return started.attempt;
}

/** Gives a load to another attempt, as it happens to one that was silent for too long. */
async function lose({ id, owner }: LoadAttempt): Promise<void> {
  expect(await claimLoad(ingest.deps.mysql, id, owner, randomUUID())).toBe(true);
}

const stored = async (sql: string) => Number((await ingest.rows(`SELECT COUNT(*) AS n FROM ${sql}`))[0]?.n);
const stateOf = async ({ id }: LoadAttempt) => (await ingest.rows("SELECT * FROM ingest_loads WHERE id = ?", [id]))[0];
/** How many transactions of this test's database wait for a lock. */
const waiting = async () =>
  (
    await ingest.rows(`SELECT t.trx_id FROM information_schema.innodb_trx AS t JOIN information_schema.processlist AS p
      ON p.id = t.trx_mysql_thread_id WHERE p.db = DATABASE() AND t.trx_state = 'LOCK WAIT'`)
  ).length;

// The server shows what it saw before to those who ask more often.
const oneWaits = () => vi.waitFor(async () => expect(await waiting()).toBe(1), { timeout: 20_000, interval: 250 });

const unknownSize = () => ({ bytesSent: null, bytesTotal: null });

describe("an attempt that has lost its load", () => {
  const modes = [
    {},
    { mode: "upsert" },
    { mode: "replace" },
    { mode: "merge" },
    { dryRun: true },
    { maxRejects: "0" },
  ] as const;

  it.each(modes)("writes neither rows, nor rejects, nor an end: %o", async (more) => {
    const attempt = await begin(options(more));
    await lose(attempt);
    const before = await stateOf(attempt);
    const load = runLoad(ingest.deps.loads, attempt, file("7001,a\n7002,b\nbad\n7003,c\n"));
    await expect(load).rejects.toMatchObject({ status: 409 });
    expect(await stored("jobs WHERE id > 7000")).toBe(0);
    expect(await stored(`staged_jobs WHERE _of_load = ${attempt.id}`)).toBe(0);
    expect(await stored(`ingest_rejects WHERE load_id = ${attempt.id}`)).toBe(0);
    expect(await stateOf(attempt)).toEqual(before);
  });

  it("loses the rows it has not yet committed", async () => {
    const attempt = await begin(options());
    const batch = new RowBatch(jobsTable, { rows: 10, bytes: 10_000 });
    const reader = new CsvReader(2);
    reader.push(Buffer.from("7001,a\n7002,b\n"));
    while (reader.next() === "record") batch.add(reader, [...tableOrder(jobsTable)]);
    const place = { bytes: 14, lines: 2, digest: null, fieldOrder: null, ...unknownSize() };
    const previous = Promise.withResolvers<void>();
    const committed = commitBatch(ingest.deps.loads, attempt, batch, place, { ms: 1, previous: previous.promise });
    committed.catch(() => {});
    // Its rows are in the table, as far as its own transaction sees.
    await vi.waitFor(async () => {
      await holding.query("SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED");
      const [[row]] = (await holding.query("SELECT COUNT(*) AS n FROM jobs WHERE id > 7000")) as never as [
        [{ n: number }],
      ];
      expect(row.n).toBe(2);
    }, 20_000);
    await lose(attempt);
    previous.resolve();
    await expect(committed).rejects.toThrow(OwnershipLost);
    expect(await stored("jobs WHERE id > 7000")).toBe(0);
  });

  it("does not replace the table by its staged rows", async () => {
    const attempt = await begin(options({ mode: "replace" }));
    const clock = { elapsedMs: () => 1, sent: unknownSize, onProgress: () => {} };
    const rest = { first: Buffer.alloc(0), file: file("1,a\n2,b\n3,c\n"), hash: createHash("sha256") };
    const end = await storeFile(ingest.deps.loads, attempt, rest, clock);
    expect(await stored(`staged_jobs WHERE _of_load = ${attempt.id}`)).toBe(3);
    await lose(attempt);
    await expect(finishLoad(ingest.deps.loads, attempt, end, () => 1)).rejects.toThrow(OwnershipLost);
    expect(await stored("jobs")).toBe(183);
    expect(await stateOf(attempt)).toMatchObject({ status: "running", finished_at: null });
  });
});

describe("the rows that a batch refers to", () => {
  const hire = "1,Ada,2021-01-01T00:00:00Z,5,1\n";
  const broken = () =>
    stored("hired_employees AS h LEFT JOIN departments AS d ON d.id = h.department_id WHERE d.id IS NULL");

  it.each(["insert", "upsert"])("cannot be deleted between their check and the commit: %s", async (mode) => {
    // The batch comes as far as its own rows, and there it waits.
    await holding.beginTransaction();
    await holding.query("INSERT INTO hired_employees VALUES (1, 'Other', '2020-01-01', 2, 2)");
    const load = ingest.load("hired_employees", hire, `?mode=${mode}`);
    await oneWaits();
    const other = await ingest.deps.mysql.getConnection();
    await other.query("SET SESSION innodb_lock_wait_timeout = 1");
    await expect(other.query("DELETE FROM departments WHERE id = 5")).rejects.toMatchObject({ errno: 1205 });
    await holding.rollback();
    expect(await load).toMatchObject({ inserted: 1, rejected: 0 });
    await expect(other.query("DELETE FROM departments WHERE id = 5")).rejects.toMatchObject({ errno: 1451 });
    other.destroy();
    expect(await broken()).toBe(0);
  });

  it.each(["insert", "upsert", "replace", "merge"])(
    "are waited for while another transaction deletes them: %s",
    async (mode) => {
      await holding.beginTransaction();
      await holding.query("DELETE FROM departments WHERE id = 5");
      const file = `${hire}2,Ben,2021-01-01T00:00:00Z,6,1\n`;
      const load = ingest.load("hired_employees", file, `?mode=${mode}&maxRejects=1`);
      await oneWaits();
      await holding.commit();
      expect(await load).toMatchObject({ inserted: 1, rejected: 1 });
      expect(await broken()).toBe(0);
    },
  );
});

describe("rows that refer to rows of their own table", () => {
  beforeAll(async () => {
    const fields = [
      { name: "id", type: "integer" },
      { name: "boss", type: "integer" },
      { name: "tag", constraints: { unique: true, maxLength: 5 } },
    ];
    const foreignKeys = [{ fields: "boss", reference: { resource: "", fields: "id" } }];
    const json = { fields, primaryKey: "id", foreignKeys };
    expect((await ingest.call("PUT", "/ingest/tables/people", { json })).status).toBe(201);
  });
  beforeEach(async () => {
    await ingest.rows("UPDATE people SET boss = NULL");
    await ingest.rows("DELETE FROM people");
  });

  const header = "id,boss,tag\n";
  const kept = async () => (await ingest.rows("SELECT id FROM people ORDER BY id")).map(({ id }) => Number(id));

  it.each(["insert", "upsert", "insert&maxRejects=100%25", "upsert&maxRejects=100%25"])(
    "may refer to themselves and to stored rows before them, in any batch: %s",
    async (mode) => {
      // Two rows are a batch.
      const batches = ["1,,a\n2,1,b", "3,3,c\n4,5,d", "5,2,e\n6,4,f", "7,99,g\n8,7,h", "9,1,a\n10,9,j"];
      const load = await ingest.load("people", `${header}${batches.join("\n")}\n`, `?mode=${mode}`);
      expect(await kept()).toEqual([1, 2, 3, 5]);
      const rejects = await (await ingest.call("GET", `/ingest/loads/${load.id}/rejects`)).text();
      const found = rejects.trimEnd().split("\r\n").slice(1);
      const places = found.map((line) => line.split(",").slice(0, 2).join(" "));
      expect(new Set(places)).toEqual(new Set(["5 boss", "7 boss", "8 boss", "9 boss", "10 tag", "11 boss"]));
    },
  );

  it.each(["replace", "merge"])("may refer to any row of a file that is the whole table: %s", async (mode) => {
    const load = await ingest.load("people", `${header}1,5,a\n2,1,b\n3,3,c\n4,1,d\n5,4,e\n`, `?mode=${mode}`);
    expect(load).toMatchObject({ inserted: 5, rejected: 0 });
    const body = `${header}1,5,a\n2,1,b\n`;
    const headers = { "Content-Type": "text/csv" };
    const refused = await ingest.call("POST", `/ingest/people/csv?mode=${mode}`, { body, headers });
    expect([refused.status, await kept()]).toEqual([409, [1, 2, 3, 4, 5]]);
  });
});

describe("batches that share an id", () => {
  /** Two batches of a file, the first of which cannot go on: how many begin, once both were given out to be stored. */
  async function begun(held: number, text: string): Promise<{ begins: number; end(): Promise<LoadAttempt> }> {
    const { loads } = ingest.deps;
    await holding.beginTransaction();
    await holding.query("INSERT INTO jobs VALUES (?, 'held')", [held]);
    const { pool } = loads.bulk;
    const seen = vi.spyOn(pool, "getConnection");
    const attempt = await begin(options());
    const reached = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const slow = (async function* () {
      yield* bytesOf(text);
      // The file is asked for more before its dialect is settled; then both batches are given out at once.
      reached.resolve();
      await goOn.promise;
    })();
    const rest = { first: Buffer.alloc(0), file: slow, hash: createHash("sha256") };
    const storing = storeFile(loads, attempt, rest, { elapsedMs: () => 1, sent: unknownSize, onProgress: () => {} });
    await reached.promise;
    await vi.waitFor(() => expect(seen).toHaveBeenCalled(), 20_000);
    await oneWaits();
    const begins = seen.mock.calls.length;
    seen.mockRestore();
    return {
      begins,
      async end() {
        await holding.rollback();
        goOn.resolve();
        await storing;
        return attempt;
      },
    };
  }

  it("are stored one after the other, all others in parallel", async () => {
    const apart = await begun(8001, "8001,a\n8002,b\n8003,c\n8004,d\n8005,e\n");
    expect(apart.begins).toBe(2);
    expect((await apart.end()).progress).toMatchObject({ inserted: 5, rejected: 0 });

    const shared = await begun(8011, "8011,a\n8012,first\n8012,second\n8014,d\n8015,e\n");
    expect(shared.begins).toBe(1);
    const { id, progress } = await shared.end();
    expect(progress).toMatchObject({ received: 5, inserted: 4, rejected: 1 });
    expect(await ingest.rows("SELECT job FROM jobs WHERE id = 8012")).toEqual([{ job: "first" }]);
    const rejects = await ingest.rows("SELECT line, reason FROM ingest_rejects WHERE load_id = ? ORDER BY line", [id]);
    expect(rejects).toEqual([{ line: 3, reason: "duplicate id" }]);
  });
});
