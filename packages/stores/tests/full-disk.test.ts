import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { createPool } from "mysql2/promise";
import connectPostgres from "postgres";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { StoreName, Stores } from "../src/index.ts";
import { folderForTest, open } from "./open.ts";

let dataDir: string;
let lines: string[];
beforeEach(async () => {
  dataDir = join(await folderForTest(), "data");
  lines = [];
});

/** Opens a store on a disk of its own. */
async function onDisk(size: string, store: StoreName): Promise<Stores> {
  await mkdir(dataDir);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=0711`, "tmpfs", dataDir]);
  onTestFinished(() => void execFileSync("umount", ["--lazy", dataDir]));
  const report = (_: string, line: string) => void lines.push(line);
  return open(dataDir, [store], { durable: true, report });
}

const filler = () => join(dataDir, "filler");
const fill = () => spawnSync("dd", ["if=/dev/zero", `of=${filler()}`, "bs=64k"]);
const soon = { timeout: 60_000, interval: 50 };

/** Writes until the disk is full and the server has ended of it, frees the disk, and waits for the server. */
async function endAndRecover(title: string, write: () => Promise<unknown>): Promise<void> {
  fill();
  await vi.waitFor(async () => {
    await write().catch(() => {});
    expect(lines.join("\n")).toMatch(new RegExp(`^${title} exited .*no space is left on its disk.*; restarting`));
  }, soon);
  await vi.waitFor(() => expect(lines.join("\n")).toMatch(/no space is left on its disk.*; retrying in \d+ s/), soon);
  await rm(filler());
  await vi.waitFor(() => expect(lines.at(-1)).toBe(`${title} is running again`), soon);
}

describe.runIf(process.getuid?.() === 0)("a disk that is full ends a store until there is space again:", () => {
  test("Redis", async () => {
    const { env } = await onDisk("8m", "redis");
    const redis = new Redis(env.REDIS_URL!, { maxRetriesPerRequest: 0 }).on("error", () => {});
    await redis.set("kept", "1");
    await endAndRecover("Redis", () => redis.set("more", "x".repeat(100_000)));
    expect(await vi.waitFor(() => redis.get("kept"), soon)).toBe("1");
    expect(await redis.set("more", "1")).toBe("OK");
    redis.disconnect();
  });

  test("Postgres", async () => {
    const { env } = await onDisk("150m", "postgres");
    const sql = connectPostgres(env.POSTGRES_URL!, { max: 1 });
    await sql`CREATE TABLE kept AS SELECT 1 AS one`;
    // Only its log ends Postgres when there is no space for it; a statement that has no space for its rows just fails.
    await endAndRecover("Postgres", () => sql`SELECT pg_logical_emit_message(true, 'more', repeat('x', 10000000))`);
    expect(await vi.waitFor(() => sql`INSERT INTO kept VALUES (2) RETURNING one`, soon)).toEqual([{ one: 2 }]);
    expect(await sql`SELECT one FROM kept ORDER BY one`).toEqual([{ one: 1 }, { one: 2 }]);
    await sql.end();
  });

  test.runIf(process.env.QUINTET_FAULTS === "full")("MariaDB", async () => {
    const { env } = await onDisk("200m", "mysql");
    const sql = createPool({ uri: env.MYSQL_URL!, connectionLimit: 1 });
    await sql.query("CREATE TABLE kept AS SELECT 1 AS one");
    await sql.query("CREATE TABLE more (text mediumtext)");
    await endAndRecover("MariaDB", () => sql.query("INSERT INTO more VALUES (REPEAT('x', 1000000))"));
    await vi.waitFor(() => sql.query("INSERT INTO kept VALUES (2)"), soon);
    expect(await sql.query("SELECT one FROM kept ORDER BY one")).toMatchObject([[{ one: 1 }, { one: 2 }], {}]);
    await sql.end();
  });
});
