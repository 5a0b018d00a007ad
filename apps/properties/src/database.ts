import { connectMysql, type MysqlConnection, type MysqlPool } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import { type SearchLimits, searchLimits } from "./search/search-limits.ts";
import { type SearchStatements, searchStatements } from "./search/search-statements.ts";
import { readStatements, type Statements } from "./sql/statements.ts";

/** The listings' database: its connections, and every statement that is sent over them. */
export interface Database extends AsyncDisposable {
  /** Short statements and writes. */
  pool: MysqlPool;
  /** Searches: a pool of their own bounds their share of MySQL. They are cancelled when their client disconnects. */
  searchPool: MysqlPool;
  statements: Statements;
  searches: SearchStatements;
  limits: SearchLimits;
}

/** Max concurrent searches: more than a few cores can handle would only make each of them slower. */
const maxSearches = 6;

type Values = Record<string, string | number | Date | Buffer | null>;

/** Reads the statements and creates the search pool on the same database as `pool`. Connects lazily. */
export function openDatabase(pool: MysqlPool, url: string, statementSeconds?: number): Database {
  const statements = readStatements();
  const searchPool = connectMysql(url, {
    connections: maxSearches,
    name: "properties searches",
    statementSeconds,
    endsWithClient: true,
  });
  return {
    pool,
    searchPool,
    statements,
    searches: searchStatements(statements),
    limits: searchLimits,
    [Symbol.asyncDispose]: () => searchPool.end(),
  };
}

/** Runs a SELECT, with its parameters bound by the driver, and returns the rows. */
export async function select<T>(on: MysqlPool | MysqlConnection, text: string, values: Values): Promise<T[]> {
  const [rows] = await on.execute<RowDataPacket[]>(text, values);
  return rows as T[];
}

/** Runs a write. Returns `insertId`, and `affectedRows`, which counts the matched rows. */
export async function write(
  on: MysqlPool | MysqlConnection,
  text: string,
  values: Values,
): Promise<{ insertId: number; affectedRows: number }> {
  const [result] = await on.execute<ResultSetHeader>(text, values);
  return result;
}
