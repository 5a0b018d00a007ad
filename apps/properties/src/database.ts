import { connectMysql, healthMysql, type MysqlConnection, type MysqlPool } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import { type SearchBounds, searchBounds } from "./search-bounds.ts";
import { type SearchStatements, searchStatements } from "./search-statements.ts";
import { readStatements, type Statements } from "./statements.ts";

/** The listings' database: its connections, and every statement that may be sent over them. */
export interface Database {
  /** Short statements and writes. */
  pool: MysqlPool;
  /** Searches, which have this share of MySQL and no more, and end with their clients. */
  searching: MysqlPool;
  /** Checks of health alone. */
  health: MysqlPool;
  statements: Statements;
  searches: SearchStatements;
  bounds: SearchBounds;
}

/** More at once than a few cores can work on would only make each slower. */
const searchesAtOnce = 6;

type Values = Record<string, string | number | Date | Buffer | null>;

/** Reads the statements; opens no connection until one is used. */
export function openDatabase(url: string, statementSeconds?: number): Database {
  const statements = readStatements();
  return {
    pool: connectMysql(url, { name: "properties", statementSeconds }),
    searching: connectMysql(url, {
      connections: searchesAtOnce,
      name: "properties searches",
      statementSeconds,
      endsWithClient: true,
    }),
    health: healthMysql(url),
    statements,
    searches: searchStatements(statements),
    bounds: searchBounds,
  };
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

/** Closes every connection. */
export async function closeDatabase({ pool, searching, health }: Database): Promise<void> {
  await Promise.all([pool, searching, health].map((each) => each.end()));
}

/** Resolves when the database answers. */
export async function ping(db: Database): Promise<void> {
  await db.health.query("SELECT 1");
}
