import { fileURLToPath } from "node:url";
import { connectPostgres, postgresMigrationLock } from "@quintet/db";
import { drizzle, migrate as runMigrations } from "./drizzle.ts";

/** The SQL files that `drizzle-kit generate` writes. */
export const migrationsFolder = fileURLToPath(new URL("../drizzle", import.meta.url));

/**
 * Runs the migrations that have not run yet, under the lock that all of Quintet's Postgres migrations take: replicas
 * and other apps that start at the same time wait, and an index of a million rows takes its minute. The lock belongs to the one connection and goes with it.
 */
export async function migrate(config: { POSTGRES_URL: string }): Promise<void> {
  const client = connectPostgres(config.POSTGRES_URL, { connections: 1, statementSeconds: 0 });
  try {
    // Of a process that stands still with the lock; Postgres knows this setting from version 14 on.
    await client`SELECT set_config(name, '30s', false) FROM pg_settings WHERE name = 'idle_session_timeout'`;
    await client`SELECT pg_advisory_lock(${postgresMigrationLock})`;
    await runMigrations(drizzle(client), {
      migrationsFolder,
      migrationsSchema: "social",
      migrationsTable: "migrations",
    });
  } finally {
    await client.end({ timeout: 5 });
  }
}
