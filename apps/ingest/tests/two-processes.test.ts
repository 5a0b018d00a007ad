import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { testMysql } from "@quintet/db/testing";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { chief, ownProcessEnv, startIngest } from "./own-process.ts";
import { type SlowUpload, slowUpload } from "./slow-upload.ts";

let database: Awaited<ReturnType<typeof testMysql>>;
let db: Connection;
const env: Record<string, string> = {};
const children: ChildProcess[] = [];
let one: string;
let two: string;

beforeAll(async () => {
  database = await testMysql(inject("mysqlUrl"));
  db = await createConnection(database.url);
  Object.assign(env, ownProcessEnv(database.url), {
    LOADING: JSON.stringify({ batchRows: 100, batchMs: 30, heartbeatTimeoutMs: 1500 }),
  });
  one = await start();
  two = await start();
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await db.end();
  await database[Symbol.asyncDispose]();
});

async function start(): Promise<string> {
  const { child, url } = await startIngest(env);
  children.push(child);
  return url;
}

const count = async (from: string): Promise<number> => {
  const [rows] = await db.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${from}`);
  return Number(rows[0]?.n);
};
const headers = (key?: string) => ({
  Authorization: chief,
  "Content-Type": "text/csv",
  ...(key === undefined ? {} : { "Idempotency-Key": key }),
});
const post = (url: string, query: string, body: string, key?: string) =>
  fetch(`${url}/ingest/jobs/csv${query}`, { method: "POST", headers: headers(key), body });
const upload = (url: string, query: string, key?: string): SlowUpload =>
  slowUpload(`${url}/ingest/jobs/csv${query}`, headers(key));
const newest = async (): Promise<Load> => {
  const response = await fetch(`${one}/ingest/loads?limit=1`, { headers: { Authorization: chief } });
  return ((await response.json()) as { loads: [Load] }).loads[0];
};
const jobsFile = (first: number, rows: number, word: string) =>
  Array.from({ length: rows }, (_, i) => `${first + i},${word} ${first + i}\n`).join("");
/** Waits for a load that has taken up some rows, and is the newest. */
const begun = (rows: number, after = 0) =>
  vi.waitFor(async () => {
    const load = await newest();
    expect(load).toMatchObject({ status: "running" });
    expect(load.id).toBeGreaterThan(after);
    expect(load.received).toBeGreaterThanOrEqual(rows);
    return load;
  }, 10_000);

describe("staged rows that are deleted", () => {
  // The last row has an id that is among those forgotten.
  const file = `${jobsFile(1, 350, "a")}bad line\n${jobsFile(351, 350, "a")}1,again\n`;
  const queries = ["?mode=replace&maxRejects=2", "?dryRun=true", "?mode=upsert&dryRun=true", "?maxRejects=2"];
  const left = new Map<string, number>();

  /** Loads whose process was killed in the middle, and with which nobody went on for more than a day. */
  async function abandon(loads: string[], file: string): Promise<void> {
    const killed = await startIngest(env);
    for (const query of loads) {
      await upload(killed.url, query, keyOf(query)).send(file.slice(0, file.length / 2));
      const { id } = await begun(200, Math.max(0, ...left.values()));
      left.set(query, id);
    }
    killed.child.kill("SIGKILL");
    await once(killed.child, "exit");
    for (const id of loads.map((query) => left.get(query))) {
      expect(await count(`staged_jobs WHERE _of_load = ${id}`)).toBeGreaterThan(0);
      await db.query("UPDATE ingest_loads SET beat_at = beat_at - INTERVAL 25 HOUR WHERE id = ?", [id]);
    }
  }
  const keyOf = (query: string) => `abandoned-${query.replaceAll(/\W/g, "")}`;

  beforeAll(async () => {
    await abandon(queries, file);
    // Any other load that stages rows forgets those that were abandoned.
    expect((await post(one, "?dryRun=true", "9001,x\n")).status).toBe(200);
    expect(await count("staged_jobs")).toBe(0);
  });

  it.each(queries)("are read again when another process resumes %s", async (query) => {
    await post(one, "?mode=replace&allowEmpty=true", "\n");
    const id = left.get(query);
    const response = await post(two, query, file, keyOf(query));
    const counts = query.includes("upsert") ? { updated: 1, rejected: 1 } : { updated: 0, rejected: 2 };
    expect(await response.json()).toMatchObject({ id, status: "done", received: 702, inserted: 700, ...counts });
    expect(await count("jobs")).toBe(query.includes("dryRun") ? 0 : 700);
    expect(await count(`ingest_rejects WHERE load_id = ${id}`)).toBe(counts.rejected);
    expect(await count("staged_jobs")).toBe(0);
  });

  it("are not deleted while a process resumes the load", async () => {
    const file = jobsFile(1, 700, "b");
    await abandon(["?mode=replace"], file);
    const id = left.get("?mode=replace");
    const sending = upload(two, "?mode=replace", keyOf("?mode=replace"));
    await sending.send(file.slice(0, file.length - 10));
    await vi.waitFor(async () => expect((await newest()).received).toBeGreaterThan(600), 10_000);
    expect((await post(one, "?dryRun=true", "9001,x\n")).status).toBe(200);
    await sending.send(file.slice(file.length - 10));
    expect(JSON.parse((await sending.end()).body)).toMatchObject({ id, status: "done", inserted: 700 });
    expect(await count("jobs")).toBe(700);
  });

  it.each(["?mode=replace", "?dryRun=true"])(
    "are missed by the last step of %s, and nothing is stored",
    async (query) => {
      await post(one, "?mode=replace", "1,kept\n");
      const file = jobsFile(1, 300, "c");
      const key = `missed-${query.replaceAll(/\W/g, "")}`;
      const sending = upload(one, query, key);
      await sending.send(file);
      const { id } = await begun(300);
      await db.query("DELETE FROM staged_jobs WHERE _of_load = ? AND id > 250", [id]);
      const { status, body } = await sending.end();
      expect(status).toBe(409);
      expect(JSON.parse(body)).toMatchObject({ loadId: id, loadStatus: "cut off", received: 0 });
      expect(JSON.parse(body).detail).toMatch(/staged/);
      expect(await count("jobs")).toBe(1);
      const again = await post(two, query, file, key);
      expect(await again.json()).toMatchObject({
        id,
        status: "done",
        received: 300,
        rejected: query.includes("dry") ? 1 : 0,
      });
    },
  );
});

describe("a load that is cancelled", () => {
  const cancel = (url: string, id: number) =>
    fetch(`${url}/ingest/loads/${id}`, { method: "DELETE", headers: { Authorization: chief } });

  it.each(["?mode=insert", "?mode=replace"])("by another process stores nothing more: %s", async (query) => {
    await post(one, "?mode=replace", "1,kept\n");
    const file = jobsFile(10, 400, "d");
    const key = `cancelled-${query.replaceAll(/\W/g, "")}`;
    const sending = upload(one, query, key);
    await sending.send(file.slice(0, file.length / 2));
    const { id } = await begun(150);
    const response = await cancel(two, id);
    expect(response.status).toBe(202);
    expect(response.headers.get("location")).toBe(`/ingest/loads/${id}`);
    const load = (await response.json()) as Load;
    expect(load).toMatchObject({ id, status: "cancelled" });
    expect(load.inserted + load.staged).toBe(load.received);
    const stored = await count("jobs WHERE id >= 10");
    expect(stored).toBe(load.inserted);
    expect(stored > 0).toBe(query.includes("insert"));

    // The stalled client gets a response without sending another byte.
    const interrupted = await sending.response;
    expect(interrupted.statusCode).toBe(409);
    const again = await post(two, query, file, key);
    expect(again.status).toBe(409);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.json()).toMatchObject({ loadId: id, loadStatus: "cancelled", inserted: stored });
    expect(await count("jobs WHERE id >= 10")).toBe(stored);
    expect(await count("jobs WHERE id = 1")).toBe(1);
    await vi.waitFor(async () => expect(await count("staged_jobs")).toBe(0), 10_000);
    expect((await cancel(one, id)).status).toBe(202);
  });

  it("may be cut off, but not ended or unknown", async () => {
    const sending = upload(one, "?mode=replace", "cut-then-cancelled");
    await sending.send("5,e\n6,f\n7");
    const { id } = await begun(2);
    sending.cut();
    await vi.waitFor(async () => expect((await newest()).status).toBe("cut off"), 10_000);
    expect(await (await cancel(two, id)).json()).toMatchObject({ id, status: "cancelled", inserted: 0, staged: 2 });

    const done = (await (await post(one, "?mode=upsert", "5,e\n")).json()) as Load;
    const response = await cancel(two, done.id);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ loadId: done.id, loadStatus: "done" });
    expect((await newest()).status).toBe("done");
    expect((await cancel(one, 999_999)).status).toBe(404);
    expect((await fetch(`${one}/ingest/loads/${id}`, { method: "DELETE" })).status).toBe(401);
    expect(
      (await fetch(`${one}/ingest/loads/${id}?now=1`, { method: "DELETE", headers: { Authorization: chief } })).status,
    ).toBe(400);
  });
});
