import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { createConnection } from "mysql2/promise";
import connectPostgres from "postgres";
import { beforeEach, expect, test, vi } from "vitest";
import type { StoreName, Stores } from "../src/index.ts";
import { folderForTest, isListening, type OpenOptions, open, openElsewhere } from "./open.ts";

let base: string;
let lines: string[];
const report: OpenOptions["report"] = (_, line) => void lines.push(line);
beforeEach(async () => {
  base = await folderForTest();
  lines = [];
});

async function pidOf(stores: Stores, name: StoreName): Promise<number> {
  return JSON.parse(await readFile(join(stores.location, name, "running.json"), "utf8")).pid;
}

const soon = { timeout: 60_000, interval: 20 };
const runsAgain = (title: string) =>
  vi.waitFor(() => expect(lines.filter((line) => line === `${title} is running again`)).not.toEqual([]), soon);

test("restarts each store that is killed, on its port and with its data, and reports it", async () => {
  const needs: StoreName[] = ["mysql", "postgres", "redis", "cache"];
  const stores = await open(base, needs, { durable: true, report });
  const { MYSQL_URL, POSTGRES_URL, REDIS_URL, CACHE_REDIS_URL } = stores.env as Required<Stores["env"]>;
  const mysql = await createConnection(MYSQL_URL);
  mysql.on("error", () => {});
  await mysql.query("CREATE TABLE kept AS SELECT 1 AS one");
  const postgres = connectPostgres(POSTGRES_URL, { max: 1 });
  await postgres`CREATE TABLE kept AS SELECT 1 AS one`;
  const redis = new Redis(REDIS_URL).on("error", () => {});
  await redis.set("kept", "1");

  const killed = await Promise.all(needs.map((name) => pidOf(stores, name)));
  for (const pid of killed) process.kill(pid, "SIGKILL");
  for (const title of ["MariaDB", "Postgres", "Redis", "Redis for the cache"]) {
    await runsAgain(title);
    expect(lines).toContain(`${title} exited (SIGKILL); restarting it`);
  }
  mysql.destroy();
  const again = await createConnection(MYSQL_URL);
  expect(await again.query("SELECT one FROM kept")).toMatchObject([[{ one: 1 }], {}]);
  await again.end();
  expect(await postgres`SELECT one FROM kept`).toEqual([{ one: 1 }]);
  await postgres.end();
  expect(await redis.get("kept")).toBe("1");
  redis.disconnect();
  expect(await isListening(CACHE_REDIS_URL)).toBe(true);
  await stores.close();
  for (const url of Object.values(stores.env)) expect(await isListening(url)).toBe(false);
});

test("starts a store once for all the processes that use it", async () => {
  const [, theirs] = await openElsewhere(base, "redis");
  const stores = await open(base, ["redis"], { report });
  for (let times = 1; times <= 3; times++) {
    process.kill(await pidOf(stores, "redis"), "SIGKILL");
    await vi.waitFor(() => expect(lines.filter((line) => line === "Redis is running again")).toHaveLength(times), soon);
    expect(await isListening(theirs.REDIS_URL!)).toBe(true);
  }
});

test("retries with growing delays while a store does not start, and reports each attempt in one line", async () => {
  const stores = await open(base, ["redis"], { durable: true, report });
  const folder = join(stores.location, "redis/data/appendonlydir");
  const manifest = join(folder, (await readdir(folder)).find((name) => name.endsWith(".manifest"))!);
  const whole = await readFile(manifest, "utf8");
  await writeFile(manifest, "nonsense");
  process.kill(await pidOf(stores, "redis"), "SIGKILL");
  const why = /^Redis did not start: exit code 1\. The end of .*redis\/log: .+; retrying in (\d) s$/;
  const pauses = () => lines.slice(1).map((line) => why.exec(line)?.[1] ?? line);
  await vi.waitFor(() => expect(pauses()).toEqual(["1", "2", "4"]), soon);
  await writeFile(manifest, whole);
  await runsAgain("Redis");
});

test("restarts nothing while it shuts down", async () => {
  const shutdown = new AbortController();
  const stores = await open(base, ["redis"], { report, signal: shutdown.signal });
  const pid = await pidOf(stores, "redis");
  shutdown.abort();
  process.kill(pid, "SIGTERM"); // As a machine does that shuts down: to everybody at once.
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(/ESRCH/), soon);
  await delay(600); // Twice as long as a look takes.
  expect(lines).toEqual([]);
  expect(await isListening(stores.env.REDIS_URL!)).toBe(false);
});
