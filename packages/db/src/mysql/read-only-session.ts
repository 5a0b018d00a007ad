import type { FieldPacket, Pool, PoolConnection, RowDataPacket } from "mysql2/promise";
import { StatementTimeout } from "../limits/statement-timer.ts";
import { abandon, limitsOf, lingeringStatements, onConnection } from "./instrument-mysql.ts";
import { readStatementMode, StatementFault } from "./read-statement.ts";
import { limitSession } from "./session-limits.ts";

/** How much a statement may return. */
export interface ResultBounds {
  rows: number;
  /** Of the result on the wire. */
  bytes: number;
  /** Whether a larger result is cut there; otherwise it is a `ResultTooLarge`. */
  cuts?: boolean;
}

type Bound = "rows" | "bytes";

/** A statement returned more than it may; its connection was closed. */
export class ResultTooLarge extends Error {
  override name = "ResultTooLarge";
  readonly bound: Bound;
  readonly limit: number;

  constructor(bound: Bound, limit: number) {
    super(`The statement returned more than ${limit} ${bound}.`);
    this.bound = bound;
    this.limit = limit;
  }
}

/** A result; the values are as the pool reads them. */
export interface QueryResult {
  fields: FieldPacket[];
  rows: unknown[][];
  /** The bound at which it was cut; its connection was closed then. */
  cutBy?: Bound;
}

/** What the server says of a statement that it executed. */
export interface StatementWarning {
  code: number;
  message: string;
}

/** A session that can only read, for SQL that others have written. */
export interface ReadOnlySession {
  /** Prepares a statement without executing it; the fields of its rows, none for what is no query. */
  prepare(sql: string): Promise<FieldPacket[]>;
  /**
   * Executes one statement as a prepared one, with `values` bound. Rejects with `ResultTooLarge` beyond `bounds`, unless these cut, and with
   * `StatementTimeout` when it took as long as it may: some functions end at the server's limit without an error.
   */
  read(sql: string, values: unknown[], bounds: ResultBounds): Promise<QueryResult>;
  /** The plan of a query in the server's JSON. It never executes the query, nor a subquery for the sake of the plan. */
  explain(sql: string, values: unknown[]): Promise<unknown>;
  /** The warnings of the last statement, at most 64; none after a cut. */
  warnings(): Promise<StatementWarning[]>;
}

/** The parts of the driver's callback connection that this module uses. */
interface CoreConnection {
  stream: { bytesRead: number; destroy(): void };
  on(event: "error" | "end", heard: (error?: Error) => void): void;
  off(event: "error" | "end", heard: (error?: Error) => void): void;
  prepare(options: object, done: (error: Error | null, statement: { columns: FieldPacket[] }) => void): void;
  unprepare(options: object): void;
  execute(options: object): Execution;
  end(): void;
}

interface Execution {
  on(event: "fields", heard: (fields: FieldPacket[]) => void): Execution;
  on(event: "result", heard: (row: unknown[]) => void): Execution;
  on(event: "error", heard: (error: Error) => void): Execution;
  on(event: "end", heard: () => void): Execution;
}

const measureEveryMs = 10;
/** While so many statements go on although they were killed, no further one is begun. */
const maxLingering = 2;

/**
 * What makes a session read-only, has it read texts as `readStatement` does, and keeps them as short as that estimates. MySQL and MariaDB
 * ignore each other's comments.
 */
const sessionSettings = `SET NAMES utf8mb4, SESSION group_concat_max_len = 65536, sql_mode = '${readStatementMode}'
  /*!50720 , transaction_read_only = 1 */ /*M! , tx_read_only = 1 */`;

/** MariaDB would execute small subqueries for a plan; later versions of MySQL have a second form of it. */
const explainSettings = `SET SESSION sql_mode = @@sql_mode
  /*M! , expensive_subquery_limit = 0 */ /*!80300 , explain_json_format_version = 1 */`;
const planBounds: ResultBounds = { rows: 1, bytes: 4 * 1024 * 1024 };

/** The connections whose session has these settings. */
const readOnly = new WeakSet<PoolConnection["connection"]>();

/**
 * Runs `work` in a session in which each statement is a read-only transaction, and which is as new: what statements leave in it (locks,
 * variables, prepared statements) is gone before the connection is used again. With `endsConnection` it is not used again.
 */
export async function inReadOnlySession<T>(
  pool: Pool,
  work: (session: ReadOnlySession) => Promise<T>,
  { endsConnection = false } = {},
): Promise<T> {
  const connection = await pool.getConnection();
  const core = connection.connection as unknown as CoreConnection;
  let closed = false;
  try {
    // Each of them has a core of the server for itself.
    if (lingeringStatements(connection) >= maxLingering) throw new StatementTimeout(0);
    if (!readOnly.has(connection.connection)) await makeReadOnly(connection);
    return await work({
      async prepare(sql) {
        const fields = await onConnection(connection, sql, () => prepared(core, sql));
        core.unprepare({ sql, rowsAsArray: true });
        return fields;
      },
      async read(sql, values, bounds) {
        const result = await onConnection(connection, sql, () =>
          inTime(connection, queried(core, sql, values, bounds)),
        );
        closed = result.cutBy !== undefined;
        return result;
      },
      async explain(sql, values) {
        await connection.query(explainSettings);
        const text = `EXPLAIN FORMAT=JSON ${sql}`;
        const { rows } = await onConnection(connection, text, () =>
          inTime(connection, queried(core, text, values, planBounds)),
        );
        return JSON.parse(String(rows[0]?.[0]));
      },
      warnings: async () => (closed ? [] : warningsOf(connection)),
    });
  } catch (error) {
    closed = error instanceof ResultTooLarge;
    throw error;
  } finally {
    if (closed) abandon(connection);
    else if (endsConnection) core.end();
    else {
      renewed(connection).then(
        () => connection.release(),
        () => connection.destroy(),
      );
    }
  }
}

async function makeReadOnly(connection: PoolConnection): Promise<void> {
  await connection.query(sessionSettings);
  readOnly.add(connection.connection);
}

/** The result of a statement, or a `StatementTimeout` when it took as long as it may. */
async function inTime<T>(connection: PoolConnection, result: Promise<T>): Promise<T> {
  const ms = limitsOf(connection).seconds * 1000;
  const began = performance.now();
  const found = await result;
  if (ms > 0 && performance.now() - began >= ms) throw new StatementTimeout(ms);
  return found;
}

async function warningsOf(connection: PoolConnection): Promise<StatementWarning[]> {
  const [rows] = await connection.query<RowDataPacket[]>("SHOW WARNINGS");
  return rows.map((row) => ({ code: Number(row.Code), message: String(row.Message) }));
}

/** Makes the session as new, for the next report: this one's response does not wait for it. */
async function renewed(connection: PoolConnection): Promise<void> {
  readOnly.delete(connection.connection);
  await onConnection(connection, "RESET CONNECTION", () => connection.reset());
  limitSession(connection.connection);
  await makeReadOnly(connection);
}

/** Prepares a statement, by which the server parses it; the fields of its rows. A statement that was prepared is not prepared again. */
function prepared(core: CoreConnection, sql: string): Promise<FieldPacket[]> {
  return new Promise((resolve, reject) => {
    core.prepare({ sql, rowsAsArray: true }, (error, { columns } = { columns: [] }) =>
      error ? reject(error) : resolve(columns),
    );
  });
}

/** Executes what the server takes for a query: anything else is not executed, whatever the session would allow. */
async function queried(
  core: CoreConnection,
  sql: string,
  values: unknown[],
  bounds: ResultBounds,
): Promise<QueryResult> {
  if ((await prepared(core, sql)).length === 0) {
    core.unprepare({ sql, rowsAsArray: true });
    throw new StatementFault("is no query");
  }
  return executed(core, sql, values, bounds);
}

function executed(core: CoreConnection, sql: string, values: unknown[], bounds: ResultBounds): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    const result: QueryResult = { fields: [], rows: [] };
    const before = core.stream.bytesRead;
    const settle = () => {
      clearInterval(measuring);
      core.off("error", broken);
      core.off("end", broken);
    };
    const fail = (error: Error) => {
      settle();
      reject(error);
    };
    const broken = (error?: Error) =>
      fail(error ?? Object.assign(new Error("The connection was closed."), { code: "PROTOCOL_CONNECTION_LOST" }));
    let stopped = false;
    const stop = (bound: Bound) => {
      if (stopped) return;
      stopped = true;
      settle();
      core.stream.destroy();
      if (bounds.cuts) resolve({ ...result, cutBy: bound });
      else reject(new ResultTooLarge(bound, bounds[bound]));
    };
    const measure = () => {
      if (core.stream.bytesRead - before > bounds.bytes) stop("bytes");
    };
    // A single row may be larger than the memory: it is measured while it arrives.
    const measuring = setInterval(measure, measureEveryMs);
    // The driver reports a lost connection to a statement without a callback as an event of the connection.
    core.on("error", broken);
    core.on("end", broken);
    core
      .execute({ sql, values, rowsAsArray: true })
      .on("fields", (fields) => {
        result.fields = fields;
      })
      .on("result", (row) => {
        if (stopped) return;
        if (result.rows.length === bounds.rows) stop("rows");
        else result.rows.push(row);
      })
      .on("error", fail)
      .on("end", () => {
        measure();
        settle();
        resolve(result);
      });
  });
}
