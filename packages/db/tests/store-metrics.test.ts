import { metricsText } from "@quintet/http";
import { expect, inject, it } from "vitest";
import { connectMysql, connectPostgres, connectRedis } from "../src/index.ts";
import { testMysql, testPrefix } from "../src/testing.ts";

/** What is told of a pool, by the part of the metric's name after `quintet_store_` and the state of connections. */
async function told(pool: string): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const line of (await metricsText()).split("\n")) {
    const [, name, labels = "", value] = /^quintet_store_(\w+)\{(.*)\} (\d+)$/.exec(line) ?? [];
    if (name && labels.includes(`pool="${pool}"`)) found[/state="(.*?)"/.exec(labels)?.[1] ?? name] = Number(value);
  }
  return found;
}

const nothing = "127.0.0.1:9";

it("tells which MySQL connections are in use, how many wait for one, and whether the server answers", async () => {
  await using database = await testMysql(inject("mysqlUrl"));
  const pool = connectMysql(database.url, { connections: 2, name: "m" });
  expect(await told("m")).toEqual({ "in use": 0, idle: 0, waiting: 0 });
  const [one, two] = [await pool.getConnection(), await pool.getConnection()];
  const third = pool.query("SELECT 1");
  expect(await told("m")).toEqual({ "in use": 2, idle: 0, waiting: 1 });
  one.release();
  await third;
  expect(await told("m")).toEqual({ "in use": 1, idle: 1, waiting: 0, up: 1 });
  await expect(pool.query("SELECT nonsense")).rejects.toThrow();
  expect(await told("m")).toMatchObject({ up: 1 });
  two.release();
  await pool.end();
  expect(await told("m")).toEqual({});
  const away = connectMysql(`mysql://${nothing}`, { name: "m" });
  await expect(away.query("SELECT 1")).rejects.toThrow();
  expect(await told("m")).toMatchObject({ idle: 0, up: 0 });
  await expect(away.getConnection()).rejects.toThrow();
  expect(await told("m")).toMatchObject({ up: 0 });
  await away.end();
});

it("tells of the statements that Postgres works on, and of those that wait", async () => {
  const sql = connectPostgres(inject("postgresUrl"), { connections: 2, name: "p" });
  expect(await told("p")).toEqual({ "in use": 0, idle: 2, waiting: 0 });
  const holder = connectPostgres(inject("postgresUrl"), { connections: 1 });
  await holder`SELECT pg_advisory_lock(7)`;
  const waits = () => sql`SELECT pg_advisory_xact_lock_shared(7)`;
  const asked = Promise.all(Array.from({ length: 4 }, waits));
  await expect.poll(() => told("p")).toEqual({ "in use": 2, idle: 0, waiting: 2 });
  await holder`SELECT pg_advisory_unlock(7)`;
  await asked;
  expect(await told("p")).toEqual({ "in use": 0, idle: 2, waiting: 0, up: 1 });
  await holder`SELECT pg_advisory_lock(7)`;
  const transaction = sql.begin((scoped) => scoped`SELECT pg_advisory_xact_lock_shared(7)`);
  await expect.poll(() => told("p")).toMatchObject({ "in use": 1, idle: 1 });
  await holder.end();
  await transaction;
  await expect(sql`SELECT nonsense`).rejects.toThrow();
  expect(await told("p")).toEqual({ "in use": 0, idle: 2, waiting: 0, up: 1 });
  await sql.end();
  expect(await told("p")).toEqual({});
  const away = connectPostgres(`postgres://${nothing}`, { name: "p" });
  await expect(away`SELECT 1`).rejects.toThrow();
  expect(await told("p")).toMatchObject({ "in use": 0, up: 0 });
  await away.end();
});

it("tells whether Redis is connected, and what waits for it", async () => {
  const options = { prefix: testPrefix(), name: "r", onError: () => {} };
  const redis = connectRedis(inject("redisUrl"), { ...options, lazyConnect: true });
  expect(await told("r")).toEqual({ "in use": 0, idle: 0, waiting: 0 });
  await redis.ping();
  expect(await told("r")).toEqual({ "in use": 0, idle: 1, waiting: 0, up: 1 });
  const blocked = redis.blpop("list", 0);
  expect(await told("r")).toEqual({ "in use": 1, idle: 0, waiting: 0, up: 1 });
  const other = connectRedis(inject("redisUrl"), { ...options, name: "other" });
  await other.rpush("list", "x");
  other.disconnect();
  await blocked;
  await redis.quit();
  await expect.poll(() => told("r")).toEqual({});
  const away = connectRedis(`redis://${nothing}`, options);
  const asked = away.ping().catch(() => {});
  await expect.poll(() => told("r")).toMatchObject({ "in use": 0, idle: 0, up: 0 });
  away.disconnect();
  await asked;
});
