import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectPostgres, type PostgresSql, postgresMigrationLock, refuseLaterPostgres } from "@quintet/db";
import { drizzle, readMigrationFiles, migrate as runMigrations } from "./database/drizzle.ts";

interface Journal {
  entries: { when: number; tag: string }[];
}

/** The SQL files that `drizzle-kit generate` writes. */
export const migrationsFolder = fileURLToPath(new URL("../drizzle", import.meta.url));

/**
 * Runs the migrations that have not run yet, under the lock that all of Quintet's Postgres migrations take: replicas
 * and other apps that start at the same time wait, and an index of a million rows takes its minute. The lock belongs to the one connection and goes with it. Rejects with `StartRefused` when the database is of a later version.
 */
export async function migrate(config: { POSTGRES_URL?: string | undefined }): Promise<void> {
  const client = connectPostgres(String(config.POSTGRES_URL), { connections: 1, statementSeconds: 0 });
  try {
    // A process that stops between two statements loses its connection, and so the lock. Postgres 13 has no such setting.
    await client`SELECT set_config(name, '10s', false) FROM pg_settings WHERE name = 'idle_session_timeout'`;
    await client`SELECT pg_advisory_lock(${postgresMigrationLock})`;
    await refuseLater(client);
    await runMigrations(drizzle(client), {
      migrationsFolder,
      migrationsSchema: "social",
      migrationsTable: "migrations",
    });
  } finally {
    await client.end({ timeout: 5 });
  }
}

/** Rejects with `StartRefused` when the database is of a later version. Drizzle compares only times, in ms, by which it names a migration. */
async function refuseLater(sql: PostgresSql): Promise<void> {
  const [found] = await sql`SELECT to_regclass('social.migrations') IS NOT NULL AS is_there`;
  if (!found?.is_there) return;
  const rows = await sql<{ hash: string; created_at: string }[]>`SELECT hash, created_at FROM social.migrations`;
  const { entries } = JSON.parse(await readFile(join(migrationsFolder, "meta/_journal.json"), "utf8")) as Journal;
  const names = new Map(entries.map(({ when, tag }) => [String(when), tag]));
  const nameOf = (when: string) => names.get(when) ?? `of ${new Date(Number(when)).toISOString()}`;
  const all = readMigrationFiles({ migrationsFolder }).map(({ folderMillis, hash, sql }) => ({
    name: nameOf(String(folderMillis)),
    text: sql.join(""),
    checksum: hash,
    replaces: [],
  }));
  await refuseLaterPostgres(sql, "social", all, new Map(rows.map((row) => [nameOf(row.created_at), row.hash])));
}
