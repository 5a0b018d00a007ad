import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, mkdtempDisposable, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StartRefused } from "@quintet/http";
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
    migrate: (from = folder, app = "sample") => migrateMysql(mysql.url, app, from),
    url: () => mysql.url,
    async count(): Promise<number> {
      const pool = connectMysql(mysql.url, { connections: 1 });
      const [rows] = await pool.query<RowDataPacket[]>("SELECT COUNT(*) AS n FROM a");
      await pool.end();
      return Number(rows[0]?.n);
    },
  },
  Postgres: {
    migrate: (from = folder, app = "sample") => migratePostgres(postgres.url, app, from),
    url: () => postgres.url,
    async count(): Promise<number> {
      const sql = connectPostgres(postgres.url, { connections: 1 });
      const rows = await sql<{ n: number }[]>`SELECT count(*)::int AS n FROM a`;
      await sql.end();
      return rows[0]?.n ?? 0;
    },
  },
};

/** A folder of migrations, gone at the end of the test. */
async function migrationsOf(files: Record<string, string>): Promise<AsyncDisposable & { path: string }> {
  const made = await mkdtempDisposable(join(tmpdir(), "migrations "));
  for (const [name, text] of Object.entries(files)) await writeFile(join(made.path, name), text);
  return { path: made.path, [Symbol.asyncDispose]: () => made.remove() };
}

describe.each(Object.entries(stores))("%s migrations", (name, { migrate, count, url }) => {
  it("run once, however many processes start together", async () => {
    await Promise.all(Array.from({ length: 8 }, () => migrate()));
    await migrate();
    expect(await count()).toBe(1);
  });

  it("refuse one that was changed after it had run", async () => {
    await migrate();
    await using changed = await migrationsOf({ "0001-first.sql": "SELECT 1" });
    const refused = migrate(changed.path);
    await expect(refused).rejects.toBeInstanceOf(StartRefused);
    await expect(refused).rejects.toThrow("sample/0001-first.sql was changed");
  });

  it("refuse a database of a later version, in one line that says what to do, and leave it as it is", async () => {
    await migrate();
    await using later = await migrationsOf({ "0001-first.sql": "SELECT 1", "0003-later.sql": "SELECT 1" });
    await migrate(later.path, "upgraded");
    const files = { "0001-first.sql": "SELECT 1", "0002-other.sql": "INSERT INTO a VALUES (2)" };
    await using earlier = await migrationsOf(files);
    const refused: Error = await migrate(earlier.path, "upgraded").then(
      () => Promise.reject(new Error("It was not refused.")),
      (error) => error,
    );
    expect(refused).toBeInstanceOf(StartRefused);
    const database = new URL(url()).pathname.slice(1);
    expect(refused.message).toBe(
      `The ${name} database "${database}" has tables of upgraded of a later version, by its migration 0003-later.sql; ` +
        "this version ends with 0002-other.sql. Start that version or a newer one, or restore a backup from before " +
        '(docs/operations.md, "Going back to an older version").',
    );
    expect(await count()).toBe(1);
  });

  it("name the one that fails", async () => {
    await using failing = await migrationsOf({ "0001-wrong.sql": "CREATE TABLE wrong (" });
    await expect(migrate(failing.path, "failing")).rejects.toThrow(
      /^Migration failing\/0001-wrong\.sql failed in the /,
    );
  });

  it("go on in another process when the one that runs them is killed", async () => {
    const sleep = name === "MySQL" ? "SELECT SLEEP(1)" : "SELECT pg_sleep(1)";
    const steps = [
      "CREATE TABLE IF NOT EXISTS killed (n int)",
      sleep,
      "DELETE FROM killed",
      "INSERT INTO killed VALUES (1)",
    ];
    await using own = await migrationsOf({ "0001-slow.sql": steps.join(";\n") });
    const run = `migrate${name === "MySQL" ? "Mysql" : "Postgres"}`;
    const module = JSON.stringify(new URL("../src/index.ts", import.meta.url).href);
    const program = `import { ${run} } from ${module}; await ${run}(process.env.URL, "killed", process.env.FOLDER);`;
    const victim = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      env: { ...process.env, URL: url(), FOLDER: own.path },
    });
    const ended = once(victim, "exit");
    await vi.waitFor(async () => expect(await sleeping(name, url())).toBeGreaterThan(0), {
      timeout: 20_000,
      interval: 20,
    });
    victim.kill("SIGKILL");
    const again = name === "MySQL" ? migrateMysql : migratePostgres;
    await Promise.all([again(url(), "killed", own.path), again(url(), "killed", own.path)]);
    await ended;
    expect(await rowsOf(name, url(), "SELECT n FROM killed")).toEqual([{ n: 1 }]);
  });
});

async function rowsOf(store: string, url: string, text: string): Promise<unknown[]> {
  if (store === "MySQL") {
    const pool = connectMysql(url, { connections: 1 });
    const [rows] = await pool.query<RowDataPacket[]>(text).finally(() => pool.end());
    return rows;
  }
  const sql = connectPostgres(url, { connections: 1 });
  return [...(await sql.unsafe(text).finally(() => sql.end()))];
}

/** How many sessions of a database sleep just now. */
async function sleeping(store: string, url: string): Promise<number> {
  const text =
    store === "MySQL"
      ? "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'SELECT SLEEP(1)%'"
      : "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(1)%' AND pid <> pg_backend_pid()";
  return (await rowsOf(store, url, text)).length;
}

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

describe("a failing migration", () => {
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
