import { pendingMigrations, readMigrations } from "./migration-files.ts";
import { connectPostgres } from "./postgres.ts";

/** The advisory lock that every migration of a Postgres database holds, whatever tool runs it. */
export const postgresMigrationLock = 0x7175_696e;

/**
 * Runs the `.sql` files of `folder` that have not run yet, in order, in one transaction under an advisory lock: replicas
 * that start together do not race, and a failure leaves nothing behind.
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
      for (const migration of pendingMigrations(app, migrations, applied)) {
        await tx.unsafe(migration.text);
        await tx`INSERT INTO public.quintet_migrations (app, name, checksum)
          VALUES (${app}, ${migration.name}, ${migration.checksum})`;
      }
    });
  } finally {
    await sql.end();
  }
}
