import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { createConnection } from "mysql2/promise";
import connectPostgres from "postgres";
import { beforeEach, expect, test } from "vitest";
import type { StoreName, Stores } from "../src/index.ts";
import { folderForTest, isListening, open, openElsewhere } from "./open.ts";

const asRoot = process.getuid?.() === 0;
let base: string;
beforeEach(async () => {
  base = await folderForTest();
});

test("starts all stores on a long path with a space, with a password, and finds the data again", async () => {
  const name = `it's a long name with "quotes" and ${"x".repeat(200)}`.slice(0, 200);
  const dataDir = join(base, name);
  const needs: StoreName[] = ["mysql", "postgres", "redis", "cache"];

  const first = await open(dataDir, needs);
  const { MYSQL_URL, POSTGRES_URL, REDIS_URL, CACHE_REDIS_URL } = first.env as Required<Stores["env"]>;
  const mysql = await createConnection(MYSQL_URL);
  const [settings] = await mysql.query(
    "SELECT @@local_infile AS localInfile, @@time_zone AS timeZone, @@character_set_server AS charset, DATABASE() AS db",
  );
  expect(settings).toEqual([{ localInfile: 1, timeZone: "+00:00", charset: "utf8mb4", db: "quintet" }]);
  await mysql.end();
  const postgres = connectPostgres(POSTGRES_URL, { max: 1 });
  await postgres`CREATE EXTENSION pg_trgm`;
  await postgres`CREATE EXTENSION unaccent`;
  expect(await postgres`SELECT lower('ÑANDÚ') AS lower`).toEqual([{ lower: "ñandú" }]);
  await postgres`CREATE TABLE kept AS SELECT 1 AS one`;
  await postgres.end();
  const redis = new Redis(REDIS_URL);
  expect(await redis.config("GET", "maxmemory-policy")).toContain("noeviction");
  await redis.quit();
  const cache = new Redis(CACHE_REDIS_URL);
  const cacheSettings = await cache.config("GET", "maxmemory*", "appendonly", "save");
  expect(cacheSettings).toEqual(expect.arrayContaining(["allkeys-lru", String(128 * 1024 * 1024), "no", ""]));
  await cache.quit();

  const wrong = (url: string) => Object.assign(new URL(url), { password: "wrong" }).href;
  await expect(createConnection(wrong(MYSQL_URL))).rejects.toThrow(/Access denied/);
  await expect(createConnection(MYSQL_URL.replace("quintet:", "root:"))).rejects.toThrow(/Access denied/);
  const stranger = connectPostgres(wrong(POSTGRES_URL), { max: 1 });
  await expect(stranger`SELECT 1`).rejects.toThrow(/password authentication failed/);
  await stranger.end();
  const anonymous = new Redis({ port: Number(new URL(REDIS_URL).port), lazyConnect: true }).on("error", () => {});
  await expect(anonymous.get("a")).rejects.toThrow(/NOAUTH/);
  anonymous.disconnect();
  await first.close();
  for (const url of Object.values(first.env)) expect(await isListening(url)).toBe(false);

  const second = await open(dataDir, needs);
  const again = connectPostgres(second.env.POSTGRES_URL!, { max: 1 });
  expect(await again`SELECT one FROM kept`).toEqual([{ one: 1 }]);
  await again.end();
  await second.close();
});

test("gives the user of MariaDB its database and nothing else, and users who can only read what it lets them", async () => {
  const dataDir = join(base, "rights");
  // As an older version left it: the user may do everything, and has made a user for reports.
  const former = await open(dataDir, ["mysql"], { allRights: true });
  const all = await createConnection(former.env.MYSQL_URL!);
  await all.query("CREATE TABLE kept AS SELECT 1 AS one");
  await all.query("CREATE USER 'quintet_reports_222f3a1723b0'@'127.0.0.1'");
  await all.query("SELECT 1 INTO OUTFILE 'allowed'");
  await all.end();
  await former.close();

  const { env, close } = await open(dataDir, ["mysql"]);
  const mysql = await createConnection(env.MYSQL_URL!);
  const refused = [
    "CREATE DATABASE other",
    "CREATE USER 'reader'@'%'",
    "GRANT FILE ON *.* TO CURRENT_USER",
    "SELECT 1 INTO OUTFILE 'refused'",
    "SELECT * FROM mysql.user",
    "SET GLOBAL max_connections = 1",
    "SHUTDOWN",
    "CREATE TABLE mysql.x (a INT)",
  ];
  for (const sql of refused) await expect(mysql.query(sql), sql).rejects.toThrow(/denied/i);
  expect((await mysql.query("SELECT LOAD_FILE('/etc/passwd') AS file"))[0]).toEqual([{ file: null }]);
  const gone = Object.assign(new URL(env.MYSQL_URL!), { username: "quintet_reports_222f3a1723b0", password: "" });
  await expect(createConnection(gone.href)).rejects.toThrow(/Access denied/);
  const reader = createConnection(env.SQL_MYSQL_URL!);
  await expect(reader).rejects.toThrow(/Access denied/); // It has no right to any table yet.
  await mysql.query("GRANT SELECT ON kept TO 'quintet_sql'@'127.0.0.1'");
  const reading = await createConnection(env.SQL_MYSQL_URL!);
  expect((await reading.query("SELECT one FROM kept"))[0]).toEqual([{ one: 1 }]);
  await expect(reading.query("DELETE FROM kept")).rejects.toThrow(/denied/);
  const [[id]] = (await mysql.query("SELECT CONNECTION_ID() AS id")) as unknown as [[{ id: number }]];
  await (await createConnection(env.MYSQL_URL!)).query("KILL ?", [id?.id]);
  reading.destroy();
  await close();
});

test("does not start a store whose URL is set", async () => {
  const dataDir = join(base, "given");
  const stores = await open(dataDir, ["redis"], { env: { REDIS_URL: "redis://elsewhere:6379" } });
  expect(stores.env).toEqual({ REDIS_URL: "redis://elsewhere:6379" });
  await stores.close();
  await expect(stat(dataDir)).rejects.toThrow(/ENOENT/);
});

test("uses REDIS_URL for the cache as well, unless CACHE_REDIS_URL is set", async () => {
  const needs: StoreName[] = ["redis", "cache"];
  const one = { REDIS_URL: "redis://elsewhere:6379" };
  expect((await open(join(base, "given"), needs, { env: one })).env).toEqual(one);
  const two = { ...one, CACHE_REDIS_URL: "redis://elsewhere:6380" };
  expect((await open(join(base, "given"), needs, { env: two })).env).toEqual(two);
});

test("starts the cache's Redis in a folder of a version that had none", async () => {
  const dataDir = join(base, "older");
  const first = await open(dataDir, ["redis"]);
  const file = join(first.location, "passwords.json");
  const { cache: _, ...older } = JSON.parse(await readFile(file, "utf8"));
  await writeFile(file, JSON.stringify(older));
  await first.close();
  const second = await open(dataDir, ["redis", "cache"]);
  const cache = new Redis(second.env.CACHE_REDIS_URL!);
  expect(await cache.ping()).toBe("PONG");
  await cache.quit();
  await second.close();
  expect(await isListening(second.env.CACHE_REDIS_URL!)).toBe(false);
  expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject(older);
});

test("shares a store between processes that start together, and stops it when the last one closes", async () => {
  const dataDir = join(base, "shared");
  const [[child, theirs], ours] = await Promise.all([openElsewhere(dataDir, "redis"), open(dataDir, ["redis"])]);
  expect(ours.env).toEqual(theirs);
  child.kill("SIGTERM");
  await once(child, "exit");
  expect(await isListening(ours.env.REDIS_URL!)).toBe(true);
  await ours.close();
  expect(await isListening(ours.env.REDIS_URL!)).toBe(false);
});

test("finds and stops a store that a killed process left running", async () => {
  const dataDir = join(base, "crashed");
  const [child, theirs] = await openElsewhere(dataDir, "redis");
  child.kill("SIGKILL");
  await once(child, "exit");
  const ours = await open(dataDir, ["redis"]);
  expect(ours.env).toEqual(theirs);
  await ours.close();
  expect(await isListening(ours.env.REDIS_URL!)).toBe(false);
});

test("does not mistake another process with the same id for its server", async () => {
  const dataDir = join(base, "recycled");
  const first = await open(dataDir, ["redis"]);
  const noteFile = join(first.location, "redis/running.json");
  const note = JSON.parse(await readFile(noteFile, "utf8"));
  await first.close();
  await writeFile(noteFile, JSON.stringify({ ...note, pid: process.pid }));
  const second = await open(dataDir, ["redis"]);
  const redis = new Redis(second.env.REDIS_URL!);
  expect(await redis.ping()).toBe("PONG");
  await redis.quit();
  await second.close();
});

test("reports why a server does not start, and stops the others", async () => {
  const dataDir = join(base, "broken");
  const first = await open(dataDir, ["redis", "postgres"]);
  await first.close();
  await rm(join(first.location, "postgres/data/global/pg_control"));
  const failure = open(dataDir, ["redis", "postgres"]);
  await expect(failure).rejects.toThrow(/^Postgres did not start: .*\n.*pg_control/s);
  await expect(stat(join(first.location, "redis/running.json"))).rejects.toThrow(/ENOENT/);
});

test.runIf(asRoot)("holds the data elsewhere when the servers' users cannot enter the folder", async () => {
  const closed = await mkdtemp(join(base, "closed-"));
  const dataDir = join(closed, "data");
  const first = await open(dataDir, ["redis"]);
  expect(first.location).toMatch(/^\/var\/lib\/quintet\/[0-9a-f]{12}$/);
  await first.close();
  const second = await open(dataDir, ["redis"]);
  expect(second.location).toBe(first.location);
  await second.close();
});
