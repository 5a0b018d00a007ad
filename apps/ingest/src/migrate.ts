import { fileURLToPath } from "node:url";
import { migrateMysql, type StoreUrls } from "@quintet/db";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { mysqlErrorNumber } from "./store/bulk-store.ts";
import { identifier } from "./tables/quote.ts";
import { beforeName, loadOfColumn, stagedName } from "./tables/table.ts";

const folder = fileURLToPath(new URL("../migrations", import.meta.url));

/** MySQL's error number for a column that is not there. */
const unknownColumn = 1054;

/** Brings the tables of the app up to date, also those beside the tables that clients have defined. */
export async function migrate({ MYSQL_URL: url }: StoreUrls): Promise<void> {
  if (url === undefined) throw new Error("MYSQL_URL is missing.");
  await migrateMysql(url, "ingest", folder);
  const connection = await createConnection({ uri: url, connectTimeout: 5000 });
  connection.on("error", () => {}); // Its statements reject.
  try {
    for (const name of await tablesOfBefore(connection)) await renameLoadColumn(connection, name);
  } finally {
    await connection.end().catch(() => connection.destroy());
  }
}

/** The tables of staged rows, and of rows as they were before, that have their load in `load_id`, as earlier versions made them. */
async function tablesOfBefore(connection: Connection): Promise<string[]> {
  const [tables] = await connection.query<RowDataPacket[]>("SELECT name FROM ingest_tables");
  const beside = tables.flatMap(({ name }) => [stagedName(String(name)), beforeName(String(name))]);
  const [columns] = await connection.query<RowDataPacket[]>(
    `SELECT table_name AS name FROM information_schema.columns
      WHERE table_schema = DATABASE() AND table_name IN (?) AND column_name IN ('load_id', ?)
      GROUP BY table_name HAVING SUM(column_name = ?) = 0`,
    [beside, loadOfColumn, loadOfColumn],
  );
  return columns.map(({ name }) => String(name));
}

/** Renames the column, which rewrites no row; another process may have done so meanwhile. */
async function renameLoadColumn(connection: Connection, table: string): Promise<void> {
  await connection
    .query(`ALTER TABLE ${identifier(table)} RENAME COLUMN load_id TO ${identifier(loadOfColumn)}`)
    .catch((error: unknown) => {
      if (mysqlErrorNumber(error) !== unknownColumn) throw error;
    });
}
