import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { connectMysql, connectPostgres, migrateMysql, migratePostgres } from "../src/index.ts";
import { type TestDatabase, testMysql, testPostgres } from "../src/testing.ts";

let mysql: TestDatabase;
let postgres: TestDatabase;
let folder: string;

beforeAll(async () => {
  [mysql, postgres] = await Promise.all([testMysql(inject("mysqlUrl")), testPostgres(inject("postgresUrl"))]);
  folder = await mkdtemp(join(tmpdir(), "migrations "));
  await writeFile(join(folder, "0001-first.sql"), "CREATE TABLE IF NOT EXISTS a (n int); INSERT INTO a VALUES (1);");
});

afterAll(async () => {
  await rm(folder, { recursive: true });
  await mysql[Symbol.asyncDispose]();
  await postgres[Symbol.asyncDispose]();
});

const stores = {
  MySQL: {
    migrate: () => migrateMysql(mysql.url, "sample", folder),
    async count(): Promise<number> {
      const pool = connectMysql(mysql.url, { connections: 1 });
      const [rows] = await pool.query<RowDataPacket[]>("SELECT COUNT(*) AS n FROM a");
      await pool.end();
      return Number(rows[0]?.n);
    },
  },
  Postgres: {
    migrate: () => migratePostgres(postgres.url, "sample", folder),
    async count(): Promise<number> {
      const sql = connectPostgres(postgres.url, { connections: 1 });
      const rows = await sql<{ n: number }[]>`SELECT count(*)::int AS n FROM a`;
      await sql.end();
      return rows[0]?.n ?? 0;
    },
  },
};

describe.each(Object.entries(stores))("%s migrations", (_name, { migrate, count }) => {
  it("run once, however many processes start together", async () => {
    await Promise.all(Array.from({ length: 8 }, migrate));
    await migrate();
    expect(await count()).toBe(1);
  });
});

it("go on in MySQL when the process that had the lock stands still", async () => {
  const slow = await mkdtemp(join(tmpdir(), "migrations "));
  await writeFile(join(slow, "0001-slow.sql"), "DO SLEEP(1.5)");
  const module = JSON.stringify(new URL("../src/index.ts", import.meta.url).href);
  const script = `const { migrateMysql } = await import(${module});
    await migrateMysql(${JSON.stringify(mysql.url)}, "slow", ${JSON.stringify(slow)}, 1);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "ignore" });
  const pool = connectMysql(mysql.url, { connections: 1 });
  try {
    await vi.waitFor(async () => {
      const [rows] = await pool.query<RowDataPacket[]>(
        "SELECT 1 FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'DO SLEEP(%'",
      );
      expect(rows.length).toBe(1);
    }, 20_000);
    child.kill("SIGSTOP");
    await stores.MySQL.migrate();
    child.kill("SIGCONT");
    // It has lost its connection, and says so.
    expect(await once(child, "exit")).toEqual([1, null]);
    await migrateMysql(mysql.url, "slow", slow);
  } finally {
    child.kill("SIGKILL");
    await pool.end();
    await rm(slow, { recursive: true });
  }
});

describe("a changed or failing migration", () => {
  it("that ran already is refused", async () => {
    await migratePostgres(postgres.url, "sample", folder);
    const other = await mkdtemp(join(tmpdir(), "migrations "));
    await writeFile(join(other, "0001-first.sql"), "SELECT 1");
    await expect(migratePostgres(postgres.url, "sample", other)).rejects.toThrow("sample/0001-first.sql was changed");
    await rm(other, { recursive: true });
  });

  it("leaves nothing behind in Postgres", async () => {
    const other = await mkdtemp(join(tmpdir(), "migrations "));
    await writeFile(join(other, "0001-a.sql"), "CREATE TABLE half (n int)");
    await writeFile(join(other, "0002-b.sql"), "CREATE TABLE oops (");
    await expect(migratePostgres(postgres.url, "other", other)).rejects.toThrow();
    const sql = connectPostgres(postgres.url, { connections: 1 });
    expect(await sql`SELECT to_regclass('half') AS found`).toMatchObject([{ found: null }]);
    await sql.end();
    await rm(other, { recursive: true });
  });
});
