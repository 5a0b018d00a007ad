import { createConnection, type RowDataPacket } from "mysql2/promise";
import { defaultIdleSeconds } from "../limits/statement-limits.ts";
import { failedMigration, pendingMigrations, readMigrations } from "./migration-files.ts";

const lockSeconds = 60;

/**
 * Runs the new `.sql` files of `folder` in order under a lock, so that replicas can start together. MySQL commits each
 * DDL statement by itself, and an interrupted file runs again from its beginning, so every statement must be safe to
 * repeat (`IF NOT EXISTS`). A process that is idle for `idleSeconds` loses the lock. Rejects with `StartRefused` if the
 * database is of a later version.
 */
export async function migrateMysql(
  url: string,
  app: string,
  folder: string,
  idleSeconds = defaultIdleSeconds,
): Promise<void> {
  const migrations = await readMigrations(folder);
  const connection = await createConnection({
    uri: url,
    multipleStatements: true,
    timezone: "Z",
    connectTimeout: 5000,
  });
  connection.on("error", () => {}); // Its statements reject.
  try {
    await connection.query("SET SESSION wait_timeout = ?", [idleSeconds]);
    const [locked] = await connection.query<RowDataPacket[]>(
      "SELECT GET_LOCK(CONCAT('quintet_migrate_', DATABASE()), ?) AS got, DATABASE() AS name",
      [lockSeconds],
    );
    if (locked[0]?.got !== 1) throw new Error(`Another process has been migrating MySQL for ${lockSeconds} s.`);
    await connection.query(`CREATE TABLE IF NOT EXISTS quintet_migrations (
      app VARCHAR(64) NOT NULL, name VARCHAR(128) NOT NULL, checksum CHAR(64) NOT NULL,
      applied_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), PRIMARY KEY (app, name))`);
    const [rows] = await connection.query<RowDataPacket[]>(
      "SELECT name, checksum FROM quintet_migrations WHERE app = ?",
      [app],
    );
    const applied = new Map(rows.map((row) => [String(row.name), String(row.checksum)]));
    const tables = { store: "MySQL", app, database: String(locked[0].name) } as const;
    for (const migration of pendingMigrations(tables, migrations, applied)) {
      await connection.query(migration.text).catch((error: unknown) => {
        throw failedMigration(tables, migration.name, error);
      });
      await connection.query("INSERT INTO quintet_migrations (app, name, checksum) VALUES (?, ?, ?)", [
        app,
        migration.name,
        migration.checksum,
      ]);
    }
  } finally {
    await connection.end().catch(() => connection.destroy());
  }
}
