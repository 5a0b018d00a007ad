import { connectMysql, type MysqlConnection, type MysqlPool } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import { type SearchStatements, searchStatements } from "./search-statements.ts";
import { readStatements, type Statements } from "./statements.ts";

/** The listings' database: its connections, and every statement that may be sent over them. */
export interface Database {
  pool: MysqlPool;
  statements: Statements;
  searches: SearchStatements;
}

type Values = Record<string, string | number | Date | null>;

/** Reads the statements; opens no connection until one is used. */
export function openDatabase(url: string): Database {
  const statements = readStatements();
  return { pool: connectMysql(url, { name: "properties" }), statements, searches: searchStatements(statements) };
}

/** The rows of a SELECT, its parameters bound by the driver. */
export async function select<T>(on: MysqlPool | MysqlConnection, text: string, values: Values): Promise<T[]> {
  const [rows] = await on.execute<RowDataPacket[]>(text, values);
  return rows as T[];
}

/** What a writing statement did: `insertId`, and `affectedRows`, which counts the rows found. */
export async function write(
  on: MysqlPool | MysqlConnection,
  text: string,
  values: Values,
): Promise<{ insertId: number; affectedRows: number }> {
  const [result] = await on.execute<ResultSetHeader>(text, values);
  return result;
}

/** Resolves when the database answers. */
export async function ping(db: Database): Promise<void> {
  await db.pool.query("SELECT 1");
}
