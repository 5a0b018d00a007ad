import type { Pool, PoolConnection } from "mysql2/promise";
import { onClientGone } from "../limits/client-gone.ts";
import { retryOnDeadlock } from "../limits/retry-on-deadlock.ts";
import { type StatementLimits, timeoutOf } from "../limits/statement-limits.ts";
import { StatementTimeout, startTimer, withTimeout } from "../limits/statement-timer.ts";
import { withComment } from "../observability/sql-comment.ts";
import type { PoolMetrics } from "../observability/store-metrics.ts";
import { endStoreSpan, type StoreAddress, statementSpan } from "../observability/store-span.ts";
import { bindValues, hasOddNames } from "./bind-values.ts";
import {
  endStatement,
  killStatement,
  limitIdleTransaction,
  limitMysqlSessions,
  resetIdleLimit,
} from "./session-limits.ts";

/** The pools of the connections that were got. */
const pools = new WeakMap<PoolConnection, InstrumentedPool>();

type Send = (statement: unknown, values?: unknown) => Promise<unknown>;

/** A pool with its limits, and what its statements are reported to. */
export interface InstrumentedPool {
  url: string;
  address: StoreAddress;
  limits: StatementLimits;
  metrics: PoolMetrics | undefined;
}

/** The parts of the driver's callback connection that this module uses. */
interface CoreConnection {
  query: CoreSend;
  execute: CoreSend;
  release(): void;
  destroy(): void;
}

type CoreSend = (statement: unknown, ...rest: unknown[]) => unknown;
type CorePool = { getConnection(got: (error: Error | null, connection: CoreConnection) => void): void };

/** Errors of a read-only server: after a failover it is a replica, and its connections are useless. */
const readOnlyErrors = new Set([1290, 1792, 1836]);

/**
 * Adds request ids, spans, metrics and time limits to all statements of a pool and of its connections; the time
 * includes waiting for a connection. The tracing channel of the driver is not used: it would expose values and assign a
 * waiting statement to the wrong request.
 */
export function instrumentMysql(pool: Pool, seen: InstrumentedPool): Pool {
  const { metrics, limits } = seen;
  limitMysqlSessions(pool, limits);
  const getConnection = pool.getConnection.bind(pool);
  pool.getConnection = async () => {
    const coming = getConnection();
    const giveBack = () => {
      coming.then((late) => late.release()).catch(() => {});
    };
    const connection = await withTimeout(timeoutOf(limits), coming, giveBack).catch((error: unknown) => {
      metrics?.settled(error);
      throw error;
    });
    pools.set(connection, seen);
    instrumentConnection(connection, seen);
    return connection;
  };
  pool.query = instrumented(withRetry(onFreeConnection(pool, "query", seen)), false, seen) as never;
  pool.execute = instrumented(withRetry(onFreeConnection(pool, "execute", seen)), true, seen) as never;
  return pool;
}

/** A single statement is a transaction: after a deadlock it is sent again. */
function withRetry(send: Send): Send {
  return (statement, values) => retryOnDeadlock(() => send(statement, values));
}

/**
 * Sends a statement on a free connection within the time limit, which includes waiting for the connection. It uses the
 * callbacks of the driver, whose promises cost a third of the time of a statement.
 */
function onFreeConnection(pool: Pool, method: "query" | "execute", seen: InstrumentedPool): Send {
  const core = (pool as unknown as { pool: CorePool }).pool;
  const ms = timeoutOf(seen.limits);
  return (statement, values) =>
    new Promise((resolve, reject) => {
      let connection: CoreConnection | undefined;
      let late = false;
      const inTime = startTimer(ms, () => {
        late = true;
        reject(new StatementTimeout(ms));
        connection?.destroy();
      });
      const send = (on: CoreConnection) => {
        const finished = killWhenClientGone(on, seen);
        const settle = (error: Error | null, rows?: unknown, fields?: unknown) => {
          inTime();
          const ending = finished();
          if (late) return;
          if (error && readOnlyErrors.has((error as { errno?: number }).errno ?? 0)) on.destroy();
          else if (ending) ending.finally(() => on.release()).catch(() => {});
          else on.release();
          if (error) reject(error);
          else resolve([rows, fields]);
        };
        try {
          if (values === undefined) on[method](statement, settle);
          else on[method](statement, values, settle);
        } catch (error) {
          settle(error as Error);
        }
      };
      core.getConnection((error, free) => {
        if (error) {
          inTime();
          reject(error);
        } else if (late) free.release();
        else {
          connection = free;
          send(free);
        }
      });
    });
}

function instrumentConnection(connection: PoolConnection, seen: InstrumentedPool): void {
  const { query, execute, beginTransaction, commit, rollback } = connection;
  const bounded = (send: Send): Send => {
    return (statement, values) =>
      limited(connection, seen, () => (values === undefined ? send(statement) : send(statement, values)));
  };
  connection.query = instrumented(bounded((query as Send).bind(connection)), false, seen) as never;
  connection.execute = instrumented(bounded((execute as Send).bind(connection)), true, seen) as never;
  const step = (own: () => Promise<void>) =>
    withTimeout(timeoutOf(seen.limits), own.call(connection), () => connection.destroy());
  connection.beginTransaction = () => {
    limitIdleTransaction(connection.connection, seen.limits);
    return step(beginTransaction);
  };
  for (const [name, end] of Object.entries({ commit, rollback })) {
    connection[name as "commit"] = () => {
      const ended = step(end);
      resetIdleLimit(connection.connection);
      return ended;
    };
  }
}

/**
 * Has a connection do what `statement` names within the limits of its pool, ended with the client, with a span and metrics. For what the
 * driver's promises cannot do.
 */
export function onConnection<T>(connection: PoolConnection, statement: string, send: () => Promise<T>): Promise<T> {
  const seen = poolOf(connection);
  return instrumented(() => limited(connection, seen, send), true, seen)(statement) as Promise<T>;
}

function poolOf(connection: PoolConnection): InstrumentedPool {
  const seen = pools.get(connection);
  if (!seen) throw new Error("The connection is not from an instrumented pool.");
  return seen;
}

/** The limits of the pool of a connection. */
export function limitsOf(connection: PoolConnection): StatementLimits {
  return poolOf(connection).limits;
}

/** The statements of a pool that did not end when they were killed. */
const lingering = new WeakMap<InstrumentedPool, number>();

/** How many statements of the pool of a connection go on in the server although they were killed. */
export function lingeringStatements(connection: PoolConnection): number {
  return lingering.get(poolOf(connection)) ?? 0;
}

/**
 * Closes a connection whose statement may still run, and kills that from a second connection, where the pool's statements end with their
 * clients: a server need not notice that nobody waits.
 */
export function abandon(connection: PoolConnection): void {
  const pool = poolOf(connection);
  connection.destroy();
  if (!pool.limits.endsWithClient) return;
  const count = (change: number) => lingering.set(pool, (lingering.get(pool) ?? 0) + change);
  let counted = 0;
  endStatement(pool.url, connection.connection, () => {
    counted = 1;
    count(1);
  })
    .finally(() => count(-counted))
    .catch(() => {});
}

/**
 * Runs a statement on a connection within the time limit. After a timeout the connection is closed, because its
 * response may still arrive; a connection whose statement is being killed is released when that is done.
 */
async function limited(
  connection: PoolConnection,
  seen: InstrumentedPool,
  send: () => Promise<unknown>,
): Promise<unknown> {
  const finished = killWhenClientGone(connection.connection, seen);
  try {
    return await withTimeout(timeoutOf(seen.limits), send(), () => abandon(connection));
  } finally {
    await finished();
  }
}

/**
 * Kills the statement that a connection is about to run when the client disconnects, if the pool is configured to. The
 * returned function is called when the statement has finished; it returns a promise to wait for if the statement is
 * just being killed.
 */
function killWhenClientGone(connection: object, { url, limits }: InstrumentedPool): () => Promise<void> | undefined {
  if (!limits.endsWithClient) return () => undefined;
  let ending: Promise<void> | undefined;
  const finished = onClientGone(() => {
    ending = killStatement(url, connection);
  });
  return () => {
    finished();
    return ending;
  };
}

function instrumented(send: Send, prepared: boolean, { address, metrics }: InstrumentedPool): Send {
  return (statement, values) => {
    const text = textOf(statement);
    if (text === undefined) return send(statement, values);
    const span = statementSpan(text, "mysql", address);
    const commented = withComment(text, prepared);
    const sent = prepared
      ? send(withText(statement, commented), values)
      : sendBound(send, statement, commented, values);
    if (span || metrics) {
      const end = (error?: unknown) => {
        metrics?.settled(error);
        if (span) endStoreSpan(span, error);
      };
      sent.then(() => end(), end);
    }
    return sent;
  };
}

const withText = (statement: unknown, sql: string) =>
  typeof statement === "string" ? sql : { ...(statement as object), sql };

/** Names of tables and columns may be any words: the driver would take some for placeholders. */
function sendBound(send: Send, statement: unknown, sql: string, values: unknown): Promise<unknown> {
  if (!hasOddNames(sql)) return send(withText(statement, sql), values);
  const given = typeof statement === "string" ? {} : (statement as { values?: unknown });
  const bound = bindValues(sql, values ?? given.values);
  return send({ ...given, sql: bound, values: undefined, namedPlaceholders: false });
}

function textOf(statement: unknown): string | undefined {
  if (typeof statement === "string") return statement;
  const { sql } = statement as { sql?: unknown };
  return typeof sql === "string" ? sql : undefined;
}
