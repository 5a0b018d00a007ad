import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testMysql } from "@quintet/db/testing";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, inject, it, vi } from "vitest";
import { chief, ownProcessEnv, startIngest } from "./own-process.ts";

const stack = new AsyncDisposableStack();
let db: Connection;
let one: { child: ChildProcess; url: string };
let two: typeof one;

beforeAll(async () => {
  const database = stack.use(await testMysql(inject("mysqlUrl")));
  db = await createConnection(database.url);
  stack.defer(() => db.end());
  const folder = await mkdtemp(join(tmpdir(), "quintet-backups-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const env = {
    ...ownProcessEnv(database.url),
    BACKUP_DIR: folder,
    LOADING: JSON.stringify({ batchRows: 100, batchMs: 30, deadAfterMs: 1500 }),
  };
  const start = async () => {
    const started = await startIngest(env);
    stack.defer(() => void started.child.kill("SIGKILL"));
    return started;
  };
  one = await start();
  two = await start();
});
afterAll(() => stack.disposeAsync());

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
const count = async (sql: string, values: unknown[] = []) =>
  Number((await db.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${sql}`, values))[0][0]?.n);
/** Once so many transactions of the processes wait for locks. */
const waiting = (transactions: number) =>
  vi.waitFor(async () => {
    const waits =
      "information_schema.innodb_trx AS t JOIN information_schema.processlist AS p ON p.id = t.trx_mysql_thread_id";
    expect(await count(`${waits} WHERE p.db = DATABASE() AND t.trx_state = 'LOCK WAIT'`)).toBe(transactions);
  }, 10_000);
const jobs = Array.from({ length: 250 }, (_, i) => `${i + 1},Job ${i + 1}\n`).join("");

it("lets others go on with what a process that stands still has locked, and then stores nothing of its own", async () => {
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
  await waiting(3);
  one.child.kill("SIGSTOP");
  await db.rollback();

  // Each goes on once its process counts as dead, and the server has ended its transaction.
  const since = performance.now();
  const done = (ask: () => Promise<Response>) =>
    vi.waitFor(
      async () => {
        const answer = await ask();
        expect(answer.status).toBe(200);
        return answer.json();
      },
      { timeout: 30_000, interval: 200 },
    );
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
