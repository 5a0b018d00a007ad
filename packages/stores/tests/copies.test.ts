import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { createConnection } from "mysql2/promise";
import connectPostgres from "postgres";
import { beforeEach, expect, test } from "vitest";
import type { StoreName, Stores } from "../src/index.ts";
import { folderForTest, isListening, open, openElsewhere } from "./open.ts";

let base: string;
let dataDir: string;
let copy: string;
beforeEach(async () => {
  base = await folderForTest();
  dataDir = join(base, "original");
  copy = join(base, "copy");
});

/** Empties every store at these URLs. */
async function wipe({ MYSQL_URL, POSTGRES_URL, REDIS_URL }: Stores["env"]): Promise<void> {
  const mysql = await createConnection(MYSQL_URL!);
  await mysql.query("DROP TABLE kept");
  await mysql.end();
  const postgres = connectPostgres(POSTGRES_URL!, { max: 1 });
  await postgres`DROP TABLE kept`;
  await postgres.end();
  const redis = new Redis(REDIS_URL!);
  expect(await redis.del("kept")).toBe(1);
  await redis.quit();
}

async function fill({ MYSQL_URL, POSTGRES_URL, REDIS_URL }: Stores["env"]): Promise<void> {
  const mysql = await createConnection(MYSQL_URL!);
  await mysql.query("CREATE TABLE kept AS SELECT 1 AS one");
  await mysql.end();
  const postgres = connectPostgres(POSTGRES_URL!, { max: 1 });
  await postgres`CREATE TABLE kept AS SELECT 1 AS one`;
  await postgres.end();
  const redis = new Redis(REDIS_URL!);
  await redis.set("kept", "1");
  await redis.quit();
}

test("a copy taken while the stores run gets its own stores and does not touch the original's", async () => {
  const needs: StoreName[] = ["mysql", "postgres", "redis"];
  const original = await open(dataDir, needs, { durable: true });
  await fill(original.env);
  execFileSync("cp", ["-a", dataDir, copy]);
  const second = await open(copy, needs, { durable: true });
  for (const name of ["MYSQL_URL", "POSTGRES_URL", "REDIS_URL"] as const)
    expect(second.env[name]).not.toBe(original.env[name]);
  await wipe(second.env);
  await second.close();
  // The copy's last user was the copy's, though the original's users were copied too.
  for (const url of Object.values(second.env)) expect(await isListening(url)).toBe(false);
  await wipe(original.env); // Everything is still there.
});

test("a link to the folder leads to the same stores", async () => {
  const original = await open(dataDir, ["redis"]);
  await symlink(dataDir, copy);
  expect((await open(copy, ["redis"])).env).toEqual(original.env);
});

test("a folder that is moved while the stores of a killed process run keeps its stores", async () => {
  const [child, theirs] = await openElsewhere(dataDir, "redis");
  child.kill("SIGKILL");
  await once(child, "exit");
  await rename(dataDir, copy);
  expect((await open(copy, ["redis"])).env).toEqual(theirs);
});
