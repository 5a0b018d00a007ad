import type { ChildProcess } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectMysql } from "@quintet/db";
import { testMysql } from "@quintet/db/testing";
import { toProblem } from "@quintet/http";
import { storeProxy } from "@quintet/stores/testing";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { createBackup } from "../src/backups/create-backup.ts";
import { folderStorage } from "../src/backups/folder/folder-storage.ts";
import { jobs as jobsTable } from "../src/demo-tables.ts";
import type { Load } from "../src/loads/load.ts";
import { chief, ownProcessEnv, startIngest } from "./own-process.ts";
import { slowUpload } from "./slow-upload.ts";

let database: Awaited<ReturnType<typeof testMysql>>;
let proxy: Awaited<ReturnType<typeof storeProxy>>;
let db: Connection;
let child: ChildProcess;
let url: string;

beforeAll(async () => {
  database = await testMysql(inject("mysqlUrl"));
  proxy = await storeProxy(database.url);
  db = await createConnection(database.url);
  ({ child, url } = await startIngest({
    ...ownProcessEnv(proxy.url),
    LOADING: JSON.stringify({ batchRows: 100, batchMs: 30, heartbeatTimeoutMs: 1500 }),
  }));
});
afterAll(async () => {
  child.kill("SIGKILL");
  await db.end();
  await proxy[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const count = async (): Promise<number> => {
  const [rows] = await db.query<RowDataPacket[]>("SELECT COUNT(*) AS n FROM jobs");
  return Number(rows[0]?.n);
};
const file = Array.from({ length: 900 }, (_, i) => `${i + 1},Job ${i + 1}\n`).join("");

describe("a load whose store becomes unavailable", () => {
  it.each(["insert", "replace", "upsert"])("returns its id and can be resumed, in mode %s", async (mode) => {
    await db.query("DELETE FROM jobs");
    const path = `${url}/ingest/jobs/csv?mode=${mode}`;
    const headers = { Authorization: chief, "Content-Type": "text/csv", "Idempotency-Key": `killed-${mode}` };
    const sending = slowUpload(path, headers);
    await sending.send(file.slice(0, file.length / 2));
    const running = await vi.waitFor(async () => {
      const [rows] = await db.query<RowDataPacket[]>(
        "SELECT id, status, received, JSON_VALUE(options, '$.mode') AS mode FROM ingest_loads ORDER BY id DESC LIMIT 1",
      );
      expect(rows[0]).toMatchObject({ mode, status: "running" });
      expect(rows[0]?.received).toBeGreaterThan(200);
      return rows[0]!;
    }, 10_000);
    await proxy.cut();
    const { status, headers: head, body } = await sending.end();
    await proxy.restore();
    expect(status).toBe(503);
    expect(head["retry-after"]).toMatch(/^\d+$/);
    const problem = JSON.parse(body);
    expect(problem).toMatchObject({ loadId: running.id, loadStatus: "cut off" });
    expect(problem.received).toBeGreaterThan(200);
    expect(problem.inserted + problem.staged).toBe(problem.received);
    // Not less than the client was told of; a batch whose commit was not heard of may have come beside.
    const stored = await count();
    if (mode === "replace") expect(stored).toBe(0);
    else expect(stored).toBeGreaterThanOrEqual(problem.inserted);

    const load = await vi.waitFor(
      async () => {
        const again = await fetch(path, { method: "POST", headers, body: file });
        expect(again.status).toBe(200);
        return (await again.json()) as Load;
      },
      { timeout: 15_000, interval: 200 },
    );
    expect(load).toMatchObject({
      id: running.id,
      status: "done",
      received: 900,
      inserted: 900,
      updated: 0,
      rejected: 0,
    });
    expect(await count()).toBe(900);
  });
});

it("ends a backup whose connection breaks between two rows, and leaves nothing of it", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "quintet-backups-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const pool = connectMysql(proxy.url);
  stack.defer(() => pool.end());
  await createBackup(pool, folderStorage(folder), jobsTable);
  const before = await readdir(folder);
  proxy.freeze();
  const made = createBackup(pool, folderStorage(folder), jobsTable).catch((error: unknown) => error);
  await expect.poll(() => readdir(folder)).toContainEqual(expect.stringMatching(/\.draft$/));
  await proxy.cut();
  proxy.thaw();
  await proxy.restore();
  expect(toProblem(await made)).toMatchObject({ status: 503 });
  expect(await readdir(folder)).toEqual(before);
});
