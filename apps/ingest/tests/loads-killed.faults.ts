import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { testMysql } from "@quintet/db/testing";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { chief, ownProcessEnv, startIngest } from "./own-process.ts";

let database: Awaited<ReturnType<typeof testMysql>>;
let db: Connection;
let env: Record<string, string>;
let running: { child: ChildProcess; url: string };

beforeAll(async () => {
  database = await testMysql(inject("mysqlUrl"));
  db = await createConnection(database.url);
  env = {
    ...ownProcessEnv(database.url),
    LOADING: JSON.stringify({ batchRows: 500, batchMs: 30, heartbeatTimeoutMs: 1000 }),
  };
  running = await startIngest(env);
  const text = { type: "string", constraints: { required: true, maxLength: 20 } };
  const schema = {
    fields: [
      { name: "site", ...text },
      { name: "code", ...text },
      { name: "value", type: "number" },
    ],
    primaryKey: ["site", "code"],
  };
  expect((await call("PUT", "/ingest/tables/meters", JSON.stringify(schema), "application/json")).status).toBe(201);
}, 60_000);
afterAll(async () => {
  running.child.kill("SIGKILL");
  await db.end();
  await database[Symbol.asyncDispose]();
});

const call = (method: string, path: string, body?: string, type = "text/csv", more = {}) =>
  fetch(`${running.url}${path}`, {
    method,
    headers: { Authorization: chief, "Content-Type": type, ...more },
    ...(body !== undefined && { body }),
  });
const rows = (from: number, to: number, value: string) =>
  Array.from({ length: to - from }, (_, at) => `S${(from + at) % 7},C${from + at},${value}\n`).join("");
const content = async () => {
  const [found] = await db.query<RowDataPacket[]>({
    sql: "SELECT site, code, CAST(value AS CHAR), _load FROM meters ORDER BY site, code",
    rowsAsArray: true,
  });
  return (found as unknown as unknown[][]).map((row) => row.join(" "));
};
/** Kills the process after some time, and starts another. */
const killAfter = async (ms: number) => {
  await pause(ms);
  const ended = once(running.child, "exit");
  running.child.kill("SIGKILL");
  await ended;
  running = await startIngest(env);
};
/** A generator of numbers from 0 to 1: mulberry32. */
const seeded = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

const queries = [
  "?mode=insert",
  "?mode=insert&maxRejects=100%25",
  "?mode=upsert",
  "?mode=upsert&maxRejects=100%25",
  "?mode=replace&maxRejects=100%25",
  "?mode=merge&maxRejects=100%25",
];
const file = `${rows(5000, 6000, "1.5")}bad line\n${rows(6000, 20_000, "2.5")}S0,C7000,3.5\nS1,C30000,x\n`;

describe.each(queries)("kill -9 at any moment of a load and of its undo: %s", (query) => {
  it.each(Array.from({ length: 20 }, (_, at) => at + 1))(
    "seed %i",
    async (seed) => {
      const random = seeded(seed * 7919 + query.length);
      await db.query("DELETE FROM before_meters");
      await db.query("TRUNCATE meters");
      expect((await call("POST", "/ingest/meters/csv", rows(0, 10_000, "1.5"))).status).toBe(200);
      const before = await content();
      const key = { "Idempotency-Key": `${query} ${seed}`.replaceAll(" ", "-") };
      const send = () => call("POST", `/ingest/meters/csv${query}`, file, "text/csv", key);
      const first = send().catch(() => undefined);
      await killAfter(random() * 700);
      await first;
      const load = await vi.waitFor(
        async () => {
          const response = await send();
          if (response.status !== 200) throw new Error(await response.text());
          return (await response.json()) as Load;
        },
        { timeout: 30_000, interval: 200 },
      );
      expect(load).toMatchObject({ status: "done", received: 15_003 });
      expect(load.inserted + load.updated + load.rejected).toBe(load.received);
      const after = await content();
      const isInsert = query.includes("insert");
      const isWhole = /replace|merge/.test(query);
      expect(after).toHaveLength(isWhole ? 15_000 : 20_000);
      const valueAt = (key: string) => after.find((row) => row.startsWith(`${key} `))?.split(" ")[2];
      expect(Number(valueAt("S0 C7000"))).toBe(isInsert ? 1.5 : query.includes("replace") ? 2.5 : 3.5);
      expect(Number(valueAt("S1 C15002"))).toBe(2.5);

      const undone = call("DELETE", `/ingest/loads/${load.id}?undo=true`).catch(() => undefined);
      await killAfter(random() * 500);
      await undone;
      // Either way it is whole.
      await vi.waitFor(async () => expect([before, after]).toContainEqual(await content()), 20_000);
      const again = await vi.waitFor(
        async () => {
          const response = await call("DELETE", `/ingest/loads/${load.id}?undo=true`);
          if (response.status !== 200) throw new Error(await response.text());
          return (await response.json()) as Load;
        },
        { timeout: 30_000, interval: 200 },
      );
      expect(again.undoneAt).not.toBeNull();
      expect(await content()).toEqual(before);
      const [kept] = await db.query<RowDataPacket[]>("SELECT COUNT(*) AS n FROM before_meters");
      expect(kept[0]?.n).toBe(0);
    },
    120_000,
  );
});
