import { execFile } from "node:child_process";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { migratePostgres } from "@quintet/db";
import { testPostgres } from "@quintet/db/testing";
import { generateDrizzleJson, generateMigration } from "drizzle-kit/api";
import postgres from "postgres";
import { describe, expect, inject, test } from "vitest";
import { migrate, migrationsFolder } from "../src/migrate.ts";
import * as schema from "../src/schema.ts";

const readJson = async (name: string) => JSON.parse(await readFile(join(migrationsFolder, "meta", name), "utf8"));

interface JournalEntry {
  idx: number;
  when: number;
  tag: string;
}

describe("the migration files", () => {
  test("make what the schema says", async () => {
    const { entries } = (await readJson("_journal.json")) as { entries: JournalEntry[] };
    const last = entries.at(-1)!.tag.split("_")[0];
    const written = await readJson(`${last}_snapshot.json`);
    const now = generateDrizzleJson(schema, written.id, ["social"]);
    expect(await generateMigration(written, now)).toEqual([]);
  });

  test("are in the order of their times, for an earlier one than the last would never run", async () => {
    const { entries } = (await readJson("_journal.json")) as { entries: JournalEntry[] };
    const times = entries.map(({ when }) => when);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  });
});

describe("migrate", () => {
  const applied = async (url: string) => {
    const sql = postgres(url, { max: 1 });
    const rows = await sql`SELECT hash FROM social.migrations ORDER BY id`;
    const tables = await sql`SELECT table_name FROM information_schema.tables WHERE table_schema = 'social' ORDER BY 1`;
    await sql.end();
    return { count: rows.length, tables: tables.map((row) => row.table_name) };
  };
  const whole = { count: 3, tables: ["done_requests", "migrations", "posts", "profiles", "votes"] };

  test("runs once, however often and by however many processes at once", async () => {
    await using database = await testPostgres(inject("postgresUrl"));
    const module = new URL("../src/migrate.ts", import.meta.url).href;
    const program = `import { migrate } from ${JSON.stringify(module)}; await migrate({ POSTGRES_URL: process.env.POSTGRES_URL });`;
    const inProcess = () =>
      promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
        env: { ...process.env, POSTGRES_URL: database.url },
      });
    await Promise.all([inProcess(), inProcess(), migrate({ POSTGRES_URL: database.url })]);
    expect(await applied(database.url)).toEqual(whole);
    await migrate({ POSTGRES_URL: database.url });
    expect(await applied(database.url)).toEqual(whole);
  });

  test("waits for another app's migration that makes the same extension", async () => {
    await using database = await testPostgres(inject("postgresUrl"));
    await using folder = await mkdtempDisposable(join(tmpdir(), "social-migrations-"));
    await writeFile(join(folder.path, "0001-trigrams.sql"), "CREATE EXTENSION IF NOT EXISTS pg_trgm;");
    await Promise.all([
      migrate({ POSTGRES_URL: database.url }),
      migratePostgres(database.url, "another", folder.path),
      migrate({ POSTGRES_URL: database.url }),
    ]);
    expect(await applied(database.url)).toEqual(whole);
  });
});
