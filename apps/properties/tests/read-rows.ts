import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { Values } from "../src/database.ts";

/** The rows of a SELECT of a test, which knows their type. The app's own have types that were read from a database. */
export async function readRows<Row>(
  on: MysqlPool | MysqlConnection,
  text: string,
  values: Values = {},
): Promise<Row[]> {
  const [rows] = await on.execute(text, values);
  return rows as Row[];
}
