import { connectMysql, type MysqlConnection, type MysqlPool } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import { type SearchBounds, searchBounds } from "./search-bounds.ts";
import { type SearchStatements, searchStatements } from "./search-statements.ts";
import { readStatements, type Statements } from "./statements.ts";

/** The listings' database: its connections, and every statement that may be sent over them. */
export interface Database extends AsyncDisposable {
  /** Short statements and writes. */
  pool: MysqlPool;
  /** Searches, which have this share of MySQL and no more, and end with their clients. */
  searching: MysqlPool;
  statements: Statements;
  searches: SearchStatements;
  bounds: SearchBounds;
}

/** More at once than a few cores can work on would only make each slower. */
const searchesAtOnce = 6;

type Values = Record<string, string | number | Date | Buffer | null>;

/** Reads the statements, and adds the searches' pool on the same database to `pool`. Connects to nothing until it is used. */
export function openDatabase(pool: MysqlPool, url: string, statementSeconds?: number): Database {
  const statements = readStatements();
  const searching = connectMysql(url, {
    connections: searchesAtOnce,
    name: "properties searches",
    statementSeconds,
    endsWithClient: true,
  });
  return {
    pool,
    searching,
    statements,
    searches: searchStatements(statements),
    bounds: searchBounds,
    [Symbol.asyncDispose]: () => searching.end(),
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
