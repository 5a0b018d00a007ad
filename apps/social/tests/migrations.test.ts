import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempDisposable, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { migratePostgres } from "@quintet/db";
import { testPostgres } from "@quintet/db/testing";
import { generateDrizzleJson, generateMigration } from "drizzle-kit/api";
import { getTableName, is, Table } from "drizzle-orm";
import postgres from "postgres";
import { describe, expect, inject, test } from "vitest";
import { readMigrationFiles } from "../src/database/drizzle.ts";
import { migrate, migrationsFolder } from "../src/migrate.ts";

/** The tables of all files that `drizzle.config.ts` names. */
const folder = new URL("../src/database/", import.meta.url);
const files = (await readdir(folder)).filter((file) => /^schema\.ts$|-tables\.ts$/.test(file));
const parts = await Promise.all(files.map((file) => import(new URL(file, folder).href)));
const schema: Record<string, unknown> = Object.assign({}, ...parts);

const readJson = async (name: string) => JSON.parse(await readFile(join(migrationsFolder, "meta", name), "utf8"));

const hashOf = async (tag: string) =>
  createHash("sha256")
    .update(await readFile(join(migrationsFolder, `${tag}.sql`)))
    .digest("hex");

interface JournalEntry {
  idx: number;
  when: number;
  tag: string;
}

describe("the migration files", () => {
  test("produce what the schema says", async () => {
    const { entries } = (await readJson("_journal.json")) as { entries: JournalEntry[] };
    const last = entries.at(-1)!.tag.split("_")[0];
    const written = await readJson(`${last}_snapshot.json`);
    const now = generateDrizzleJson(schema, written.id, ["social"]);
    expect(await generateMigration(written, now)).toEqual([]);
  });

  test("are in the order of their times: one that is earlier than the last would never run", async () => {
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
  const tables = Object.values(schema).flatMap((part) => (is(part, Table) ? getTableName(part) : []));
  const whole = { count: readMigrationFiles({ migrationsFolder }).length, tables: [...tables, "migrations"].sort() };

  test("runs each file once, under repeated and concurrent calls", async () => {
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

  test("has no time limit for a statement, and one for a stalled process", async () => {
    await using database = await testPostgres(inject("postgresUrl"));
    const sql = postgres(database.url, { max: 1 });
    await sql.unsafe(`
      CREATE TABLE limits (value text, idle text);
      CREATE FUNCTION note_limit() RETURNS event_trigger LANGUAGE plpgsql
        AS $$ BEGIN INSERT INTO limits
          VALUES (current_setting('statement_timeout'), current_setting('idle_session_timeout')); END $$;
      CREATE EVENT TRIGGER note_limit ON ddl_command_start EXECUTE FUNCTION note_limit()`);
    await migrate({ POSTGRES_URL: database.url });
    expect(await sql`SELECT DISTINCT value, idle FROM limits`).toEqual([{ value: "0", idle: "10s" }]);
    await sql.end();
  });

  test("keeps existing posts, and finds them", async () => {
    await using database = await testPostgres(inject("postgresUrl"));
    const sql = postgres(database.url, { max: 1 });
    for (const { tag } of ((await readJson("_journal.json")).entries as JournalEntry[]).slice(0, 3)) {
      await sql.unsafe(await readFile(join(migrationsFolder, `${tag}.sql`), "utf8"));
    }
    await sql.unsafe(`
      CREATE TABLE social.migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);
      INSERT INTO social.migrations (hash, created_at) VALUES ('${await hashOf("0002_done-requests")}', 1795331532452);
      INSERT INTO social.profiles (id, email) VALUES (1, 'ana@example.com');
      INSERT INTO social.posts (title, content, owner_id, votes, published)
        SELECT 'Café ' || i, 'Content', 1, i % 3, i > 1 FROM generate_series(1, 3000) i`);
    await migrate({ POSTGRES_URL: database.url });
    const found = await sql`
      SELECT title FROM social.posts WHERE social.title_grams(title) @> social.search_grams('CAFE 299') ORDER BY 1`;
    expect(found.map(({ title }) => title)).toEqual(["Café 299", ...[...Array(10).keys()].map((i) => `Café 299${i}`)]);
    const counted = await sql`
      SELECT votes, published_at = created_at AS dated FROM social.posts JOIN social.post_counters ON post_id = id ORDER BY id LIMIT 3`;
    expect(counted.map(({ votes, dated }) => [votes, dated])).toEqual([
      [1, null],
      [2, true],
      [0, true],
    ]);
    await sql.end();
  });

  test("refuses a database of a later version, and one whose migration was changed afterwards", async () => {
    await using database = await testPostgres(inject("postgresUrl"));
    const sql = postgres(database.url, { max: 1 });
    await migrate({ POSTGRES_URL: database.url });
    await sql`INSERT INTO social.migrations (hash, created_at) VALUES ('later', 2524608000000)`;
    await expect(migrate({ POSTGRES_URL: database.url })).rejects.toThrow(
      /has tables of social of a later version, by its migration of 2050-01-01T00:00:00.000Z; this version ends with \d{4}_/,
    );
    await sql`DELETE FROM social.migrations WHERE hash = 'later'`;
    await migrate({ POSTGRES_URL: database.url });
    await sql`UPDATE social.migrations SET hash = 'other' WHERE created_at = 1795331532452`;
    await expect(migrate({ POSTGRES_URL: database.url })).rejects.toThrow("social/0002_done-requests was changed");
    await sql.end();
  });

  test("waits for another app's migration that creates the same extension", async () => {
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
