import { connectPostgres, type PostgresQueries } from "../postgres/client.ts";
import {
  failedMigration,
  type MigratedTables,
  type Migration,
  pendingMigrations,
  readMigrations,
} from "./migration-files.ts";

/** The advisory lock that every migration of a Postgres database holds, whichever tool runs it. */
export const postgresMigrationLock = 0x7175_696e;

async function tablesOf(sql: PostgresQueries, app: string): Promise<MigratedTables> {
  const [row] = await sql<{ name: string }[]>`SELECT current_database() AS name`;
  return { store: "Postgres", app, database: row?.name ?? "" };
}

/**
 * For an app whose migrations are run by another tool: rejects with `StartRefused` if the database has a migration that
 * is not in `all`, or one whose checksum differs. `applied` are checksums by name.
 */
export async function refuseLaterPostgres(
  sql: PostgresQueries,
  app: string,
  all: Migration[],
  applied: Map<string, string>,
): Promise<void> {
  pendingMigrations(await tablesOf(sql, app), all, applied);
}

/**
 * Runs the new `.sql` files of `folder` in order, in one transaction under an advisory lock: replicas can start
 * together, and a failure leaves nothing behind. Rejects with `StartRefused` if the database is of a later version.
 */
export async function migratePostgres(url: string, app: string, folder: string): Promise<void> {
  const migrations = await readMigrations(folder);
  const sql = connectPostgres(url, { connections: 1, statementSeconds: 0 });
  try {
    await sql.begin(async (tx) => {
      await tx`SELECT pg_advisory_xact_lock(${postgresMigrationLock})`;
      await tx`CREATE TABLE IF NOT EXISTS public.quintet_migrations (
        app text, name text, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (app, name))`;
      const rows = await tx<{ name: string; checksum: string }[]>`
        SELECT name, checksum FROM public.quintet_migrations WHERE app = ${app}`;
      const applied = new Map(rows.map((row) => [row.name, row.checksum]));
      const tables = await tablesOf(tx, app);
      for (const migration of pendingMigrations(tables, migrations, applied)) {
        await tx.unsafe(migration.text).catch((error: unknown) => {
          throw failedMigration(tables, migration.name, error);
        });
        await tx`INSERT INTO public.quintet_migrations (app, name, checksum)
          VALUES (${app}, ${migration.name}, ${migration.checksum})`;
      }
    });
  } finally {
    await sql.end();
  }
}
