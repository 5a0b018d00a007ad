import type { ChildProcess } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testMysql } from "@quintet/db/testing";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, expect, inject, it, vi } from "vitest";
import { chief, ownProcessEnv, startIngest } from "./own-process.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

type Started = { child: ChildProcess; url: string };

/** A database, and two processes on it. */
async function twoProcesses(): Promise<{ db: Connection; folder: string; one: Started; two: Started }> {
  const database = stack.use(await testMysql(inject("mysqlUrl")));
  const db = await createConnection(database.url);
  stack.defer(() => db.end());
  const folder = await mkdtemp(join(tmpdir(), "quintet-backups-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const env = {
    ...ownProcessEnv(database.url),
    BACKUP_DIR: folder,
    LOADING: JSON.stringify({ batchRows: 100, batchMs: 30, heartbeatTimeoutMs: 1500 }),
  };
  const start = async () => {
    const started = await startIngest(env);
    stack.defer(() => void started.child.kill("SIGKILL"));
    return started;
  };
  return { db, folder, one: await start(), two: await start() };
}

const send = (to: { url: string }, method: string, path: string, body?: string | object, key?: string) =>
  fetch(`${to.url}/ingest${path}`, {
    method,
    headers: {
      Authorization: chief,
      ...(body === undefined ? {} : { "Content-Type": typeof body === "string" ? "text/csv" : "application/json" }),
      ...(key === undefined ? {} : { "Idempotency-Key": key }),
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
const countOf = async (db: Connection, from: string) =>
  Number((await db.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${from}`))[0][0]?.n);
/** Once so many transactions of the processes wait for locks. InnoDB shows the same list again to who asks twice within 100 ms. */
const waiting = (db: Connection, transactions: number) =>
  vi.waitFor(
    async () => {
      const waits =
        "information_schema.innodb_trx AS t JOIN information_schema.processlist AS p ON p.id = t.trx_mysql_thread_id";
      expect(await countOf(db, `${waits} WHERE p.db = DATABASE() AND t.trx_state = 'LOCK WAIT'`)).toBe(transactions);
    },
    { timeout: 10_000, interval: 330 },
  );
/** What a request comes to that is sent until it is done. */
const done = (ask: () => Promise<Response>, status = 200) =>
  vi.waitFor(
    async () => {
      const response = await ask();
      expect(response.status).toBe(status);
      return response.json();
    },
    { timeout: 30_000, interval: 200 },
  );
const jobs = Array.from({ length: 250 }, (_, i) => `${i + 1},Job ${i + 1}\n`).join("");

it.concurrent("lets others go on with what a process that stands still has locked, and then stores nothing of its own", async () => {
  const { db, one, two } = await twoProcesses();
  const count = (from: string) => countOf(db, from);
  const departments = (word: string) => Array.from({ length: 9 }, (_, i) => `${i + 1},${word} ${i + 1}\n`).join("");
  expect((await send(one, "POST", "/departments/csv", departments("Old"))).status).toBe(200);
  expect((await send(one, "POST", "/jobs/csv", "900,Job\n")).status).toBe(200);
  const hire = (id: number) => ({ rows: [[id, "Ada", "2021-11-07T02:48:42Z", 1, 900]] });
  expect((await send(one, "POST", "/hired_employees/rows", hire(1))).status).toBe(200);
  expect((await send(one, "POST", "/departments/backups")).status).toBe(201);
  expect((await send(one, "POST", "/departments/csv?mode=upsert", departments("New"))).status).toBe(200);

  // Each of them gets some locks, and waits for a row that is held here.
  await db.beginTransaction();
  await db.query("INSERT INTO jobs VALUES (80, 'held')");
  await db.query("SELECT id FROM departments WHERE id = 5 FOR UPDATE");
  await db.query("SELECT id FROM hired_employees FOR UPDATE");
  const stopped = [
    send(one, "POST", "/jobs/csv", jobs, "stands-still"),
    send(one, "POST", "/departments/restore", undefined, "stands-still"),
    send(one, "DELETE", "/hired_employees"),
  ];
  await waiting(db, 3);
  one.child.kill("SIGSTOP");
  await db.rollback();

  // Each goes on once its process counts as dead, and the server has ended its transaction.
  const since = performance.now();
  const [load] = await Promise.all([
    done(() => send(two, "POST", "/jobs/csv", jobs, "stands-still")),
    done(() => send(two, "POST", "/departments/restore", undefined, "stands-still")),
    done(() => send(two, "POST", "/hired_employees/rows", hire(2))),
  ]);
  expect(load).toMatchObject({ status: "done", received: 250, inserted: 250, rejected: 0 });
  expect(performance.now() - since).toBeLessThan(30_000);

  one.child.kill("SIGCONT");
  const [taken, broken, emptied] = await Promise.all(stopped);
  expect([taken!.status, broken!.status, emptied!.status]).toEqual([409, 503, 503]);
  expect(((await taken!.json()) as { detail: string }).detail).toMatch(/taken/);
  expect(await count("jobs")).toBe(251);
  expect(await count("departments WHERE department LIKE 'Old%'")).toBe(9);
  expect(await count("hired_employees")).toBe(2);
  // And it serves on.
  expect((await send(one, "POST", "/hired_employees/rows", hire(3))).status).toBe(200);
});

it.concurrent("makes one backup for a key, though the process that began it goes on after another has made it", async () => {
  const { db, folder, one, two } = await twoProcesses();
  expect((await send(one, "POST", "/jobs/csv", jobs)).status).toBe(200);
  const backUp = (by: Started) => send(by, "POST", "/jobs/backups", undefined, "one-backup");
  // The file is whole, and waits to be recorded and listed.
  await db.beginTransaction();
  await db.query("SELECT * FROM ingest_done_requests FOR UPDATE");
  const first = backUp(one);
  await waiting(db, 1);
  one.child.kill("SIGSTOP");
  await db.rollback();
  const made = (await done(() => backUp(two), 201)) as { name: string };
  one.child.kill("SIGCONT");
  expect((await first).status).toBe(503);
  expect((await readdir(folder)).sort()).toEqual([made.name, `${made.name}.json`]);
  expect(await done(() => backUp(one), 201)).toEqual(made);
});

it.concurrent("records a backup again when its connection breaks after the file was listed", async () => {
  const { db, folder, one } = await twoProcesses();
  await db.query(`CREATE TRIGGER slow_record BEFORE UPDATE ON ingest_done_requests
    FOR EACH ROW SET @slow = IF(NEW.result LIKE '{%', SLEEP(30), 0)`);
  const response = send(one, "POST", "/jobs/backups", undefined, "recorded-again");
  const id = await vi.waitFor(async () => {
    const [rows] = await db.query<RowDataPacket[]>(
      `SELECT id FROM information_schema.processlist
        WHERE db = DATABASE() AND id <> CONNECTION_ID() AND state = 'User sleep'`,
    );
    expect(rows).toHaveLength(1);
    return rows[0]?.id as number;
  }, 20_000);
  expect(await readdir(folder)).toHaveLength(2);
  await db.query("KILL ?", [id]);
  await db.query("DROP TRIGGER slow_record");
  expect((await response).status).toBe(201);
  const { name } = (await (await response).json()) as { name: string };
  expect((await readdir(folder)).sort()).toEqual([name, `${name}.json`]);
  expect(await countOf(db, `ingest_done_requests WHERE result LIKE '%${name}%'`)).toBe(1);
});
