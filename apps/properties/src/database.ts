import type { MysqlConnection, MysqlPool } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import type { RememberedPrices } from "./search/remembered-prices.ts";
import type { SearchLimits } from "./search/search-limits.ts";
import type { SearchStatements } from "./search/search-statements.ts";
import type { Source } from "./source/source.ts";
import type { Statuses } from "./source/statuses.ts";
import type { Value } from "./sql/statement-types.ts";
import type { Statement, Statements } from "./sql/statements.ts";

/** The listings' database: its connections, and every statement that is sent over them. */
export interface Database extends AsyncDisposable {
  /** Short statements and writes. */
  pool: MysqlPool;
  /** Searches: a pool of their own bounds their share of MySQL. They are cancelled when their client disconnects. */
  searchPool: MysqlPool;
  statements: Statements;
  searches: SearchStatements;
  limits: SearchLimits;
  /** The prices of all listings, for statistics. */
  prices: RememberedPrices;
  /** What the listings follow; read once. */
  source(): Promise<Source>;
  /** The statuses as they are. */
  statuses(): Promise<Statuses>;
  /** Has the listings follow all that was committed before the call; returns the statuses. Every read of `listing` begins with it. Throws `unavailable` while listings are missing. */
  fresh(): Promise<Statuses>;
}

/** Values by the names of their parameters. */
export type Values = Record<string, Value>;

/**
 * Runs a SELECT, with its parameters bound by the driver, and returns the rows. This is where the driver's rows get their types: a test
 * compares those with what a database says of the statement.
 */
export async function select<Row extends object, Named>(
  on: MysqlPool | MysqlConnection,
  text: Statement<Row, Named>,
  values: NoInfer<Named> & Values,
): Promise<Row[]> {
  const [rows] = await on.execute<(RowDataPacket & Row)[]>(text, values);
  return rows;
}

/** Runs a write. Returns `insertId`, and `affectedRows`, which counts the matched rows. */
export async function write<Named>(
  on: MysqlPool | MysqlConnection,
  text: Statement<null, Named>,
  values: NoInfer<Named> & Values,
): Promise<{ insertId: number; affectedRows: number }> {
  const [result] = await on.execute<ResultSetHeader>(text, values);
  return result;
}
