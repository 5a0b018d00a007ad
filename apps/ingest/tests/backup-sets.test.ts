import { readdir, rm } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Backup } from "../src/backups/backup.ts";
import { isCron, runSchedule, scheduleState } from "../src/backups/backup-schedule.ts";
import type { BackupSet } from "../src/backups/create-set.ts";
import { departments, hires, jobs, openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest();
  await ingest.load("departments", departments);
  await ingest.load("jobs", jobs);
  await ingest.load("hired_employees", hires(1, 3000));
});
afterAll(() => ingest[Symbol.asyncDispose]());
beforeEach(() => rm(ingest.backupDir, { recursive: true, force: true }));

const list = async () =>
  ((await (await ingest.call("GET", "/ingest/backups")).json()) as { backups: Backup[] }).backups;
const files = () => readdir(ingest.backupDir).catch(() => []);
const tables = ["departments", "hired_employees", "jobs"];

it("a set has all tables as they are at one moment, and is made once per key", async () => {
  let writing = true;
  const writes = (async () => {
    for (let id = 10_000; writing; id++) {
      const connection = await ingest.deps.mysql.getConnection();
      await connection.beginTransaction();
      await connection.query("INSERT INTO departments (id, department) VALUES (?, 'New')", [id]);
      await connection.query("INSERT INTO jobs (id, job) VALUES (?, 'New')", [id]);
      await connection.commit();
      connection.release();
    }
  })();
  const headers = { "Idempotency-Key": "all-of-them" };
  const response = await ingest.call("POST", "/ingest/backups", { headers });
  const made = (await response.json()) as BackupSet;
  for (let more = 0; more < 4; more++) expect((await ingest.call("POST", "/ingest/backups")).status).toBe(201);
  writing = false;
  await writes;
  expect(response.status).toBe(201);
  expect(made.backups.map(({ table }) => table).sort()).toEqual(tables);
  expect(await (await ingest.call("POST", "/ingest/backups", { headers })).json()).toEqual(made);
  const sets = Map.groupBy(await list(), ({ set }) => set);
  expect(sets.size).toBe(5);
  for (const backups of sets.values()) {
    const rows = (table: string) => Number(backups.find((backup) => backup.table === table)?.rows);
    expect(rows("jobs") - 183).toBe(rows("departments") - 12);
    expect(new Set(backups.map(({ createdAt }) => createdAt)).size).toBe(1);
  }
  await problemOf(await ingest.call("POST", "/ingest/backups", { by: ingest.people.plain.bearer }), 403);
});

it("a set of which a table cannot be read leaves nothing behind", async () => {
  await ingest.rows("RENAME TABLE jobs TO jobs_elsewhere");
  expect((await ingest.call("POST", "/ingest/backups")).status).toBe(500);
  await ingest.rows("RENAME TABLE jobs_elsewhere TO jobs");
  expect(await files()).toEqual([]);
});

it("a schedule makes one set for the times that have passed, whichever processes run it", async () => {
  const { mysql: db, bulk, backups: storage, log } = ingest.deps;
  const run = (cron = "0 3 * * *") => runSchedule({ db, bulk, storage, log }, cron);
  const state = async () => (await ingest.rows("SELECT cron, due_at, retry_at FROM ingest_backup_schedule"))[0];
  await run();
  const first = (await state())?.due_at as Date;
  expect([first.getUTCHours(), first.getUTCMinutes(), first > new Date()]).toEqual([3, 0, true]);
  await run();
  expect(await files()).toEqual([]);

  await ingest.rows("UPDATE ingest_backup_schedule SET due_at = UTC_TIMESTAMP(3) - INTERVAL 5 DAY");
  await Promise.all([run(), run(), run()]);
  await run();
  const made = await list();
  expect(made.map(({ table }) => table).sort()).toEqual(tables);
  expect(new Set(made.map(({ set }) => set)).size).toBe(1);
  expect((await state())?.due_at).toEqual(first);

  // A process that was killed after it had published a part of the set.
  const due = "UPDATE ingest_backup_schedule SET due_at = '2021-01-01 03:00:00'";
  await ingest.rows(due);
  await run();
  const before = await list();
  await ingest.rows("DELETE FROM ingest_done_requests");
  await storage.remove(before[0]!);
  await ingest.rows(due);
  await run();
  const after = await list();
  expect(after).toHaveLength(6);
  expect(new Set(after.map(({ set }) => set)).size).toBe(2);

  await ingest.rows(due);
  await ingest.rows("DELETE FROM ingest_done_requests");
  await ingest.rows("RENAME TABLE jobs TO jobs_elsewhere");
  await expect(run()).rejects.toThrow();
  expect(await scheduleState(db, "0 3 * * *")).toMatchObject({ lastSet: null, lastProblem: expect.any(String) });
  await ingest.rows("RENAME TABLE jobs_elsewhere TO jobs");
  expect((await state())?.retry_at).toBeInstanceOf(Date);
  await run();
  expect(await list()).toHaveLength(6);
  await ingest.rows("UPDATE ingest_backup_schedule SET retry_at = UTC_TIMESTAMP(3)");
  await run();
  expect((await state())?.retry_at).toBeNull();
  const last = await scheduleState(db, "0 3 * * *");
  expect(last).toMatchObject({ nextAt: first.toISOString(), lastProblem: null });
  expect(new Set((await list()).map(({ set }) => set))).toContain(last?.lastSet);
  await run("@hourly");
  expect((await state())?.due_at).toSatisfy((time: Date) => time.getUTCMinutes() === 0);
});

it.each([
  ["0 3 * * *", true],
  ["@daily", true],
  ["*/15 8-18 * * MON-FRI", true],
  ["0 3 * *", false],
  ["61 3 * * *", false],
  ["0 0 3 * * *", false],
  ["tomorrow", false],
])("%j is a cron expression: %s", (text, is) => {
  expect(isCron(text)).toBe(is);
});
