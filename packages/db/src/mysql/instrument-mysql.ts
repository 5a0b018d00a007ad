import type { Pool, PoolConnection } from "mysql2/promise";
import { onClientGone } from "../limits/client-gone.ts";
import { retryOnDeadlock } from "../limits/retry-on-deadlock.ts";
import { patienceOf, type StatementLimits } from "../limits/statement-limits.ts";
import { deadline, StatementTimeout, within } from "../limits/statement-timer.ts";
import { withComment } from "../observability/sql-comment.ts";
import type { StorePool } from "../observability/store-metrics.ts";
import { endStoreSpan, type StoreAddress, statementSpan } from "../observability/store-span.ts";
import { endStatement, forgetIdleLimit, limitIdleTransaction, limitMysqlSessions } from "./session-limits.ts";

type Send = (statement: unknown, values?: unknown) => Promise<unknown>;

/** Where statements of a pool go, what they are held to, and who is told of them. */
export interface ObservedPool {
  url: string;
  address: StoreAddress;
  limits: StatementLimits;
  told: StorePool | undefined;
}

/** What this module knows of the driver's own connection, which calls back. */
interface CoreConnection {
  query: CoreSend;
  execute: CoreSend;
  release(): void;
  destroy(): void;
}

type CoreSend = (statement: unknown, ...rest: unknown[]) => unknown;
type CorePool = { getConnection(got: (error: Error | null, connection: CoreConnection) => void): void };

/** Errors of a server that takes no writes any more: a failover made it a replica, and its connections are of no use. */
const readOnlyErrors = new Set([1290, 1792, 1836]);

/**
 * Makes the statements of a pool, and of the connections that it gives, carry their request's id, be seen in its trace, and
 * end when their time is over, be it spent on the statement or on waiting for a connection. The driver's own tracing channel
 * would tell values and know a waiting statement's request wrongly.
 */
export function observeMysql(pool: Pool, seen: ObservedPool): Pool {
  const { told, limits } = seen;
  limitMysqlSessions(pool, limits);
  const getConnection = pool.getConnection.bind(pool);
  pool.getConnection = async () => {
    const coming = getConnection();
    const giveBack = () => {
      coming.then((late) => late.release()).catch(() => {});
    };
    const connection = await within(patienceOf(limits), coming, giveBack).catch((error: unknown) => {
      told?.settled(error);
      throw error;
    });
    observeConnection(connection, seen);
    return connection;
  };
  pool.query = observed(repeated(onOneOfPool(pool, "query", seen)), false, seen) as never;
  pool.execute = observed(repeated(onOneOfPool(pool, "execute", seen)), true, seen) as never;
  return pool;
}

/** A statement by itself is a transaction: one that had to give way to another is sent again. */
function repeated(send: Send): Send {
  return (statement, values) => retryOnDeadlock(() => send(statement, values));
}

/**
 * Sends a statement over whichever connection is free, waiting for one and for its result no longer than its time. On the
 * driver's callbacks: its promises make objects and stacks for each statement that cost a third of it.
 */
function onOneOfPool(pool: Pool, method: "query" | "execute", seen: ObservedPool): Send {
  const core = (pool as unknown as { pool: CorePool }).pool;
  const ms = patienceOf(seen.limits);
  return (statement, values) =>
    new Promise((resolve, reject) => {
      let connection: CoreConnection | undefined;
      let late = false;
      const inTime = deadline(ms, () => {
        late = true;
        reject(new StatementTimeout(ms));
        connection?.destroy();
      });
      const send = (on: CoreConnection) => {
        const finished = endingWithClient(on, seen);
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

function observeConnection(connection: PoolConnection, seen: ObservedPool): void {
  const { query, execute, beginTransaction, commit, rollback } = connection;
  const bounded = (send: Send): Send => {
    return (statement, values) =>
      limited(connection, seen, () => (values === undefined ? send(statement) : send(statement, values)));
  };
  connection.query = observed(bounded((query as Send).bind(connection)), false, seen) as never;
  connection.execute = observed(bounded((execute as Send).bind(connection)), true, seen) as never;
  const step = (own: () => Promise<void>) =>
    within(patienceOf(seen.limits), own.call(connection), () => connection.destroy());
  connection.beginTransaction = () => {
    limitIdleTransaction(connection.connection, seen.limits);
    return step(beginTransaction);
  };
  for (const [name, end] of Object.entries({ commit, rollback })) {
    connection[name as "commit"] = () => {
      const ended = step(end);
      forgetIdleLimit(connection.connection);
      return ended;
    };
  }
}

/**
 * Runs a statement of a connection within its time. A connection that nobody waits for any more is closed, because its
 * answer may still come; one whose statement is being ended is given to nobody else before that is over.
 */
async function limited(connection: PoolConnection, seen: ObservedPool, send: () => Promise<unknown>): Promise<unknown> {
  const finished = endingWithClient(connection.connection, seen);
  try {
    return await within(patienceOf(seen.limits), send(), () => connection.destroy());
  } finally {
    await finished();
  }
}

/**
 * Ends the statement that a connection begins now when its client goes, where the pool is for that. The function returned says that it is
 * finished, and returns what the connection has to wait for when it was just being ended.
 */
function endingWithClient(connection: object, { url, limits }: ObservedPool): () => Promise<void> | undefined {
  if (!limits.endsWithClient) return () => undefined;
  let ending: Promise<void> | undefined;
  const finished = onClientGone(() => {
    ending = endStatement(url, connection);
  });
  return () => {
    finished();
    return ending;
  };
}

function observed(send: Send, prepared: boolean, { address, told }: ObservedPool): Send {
  return (statement, values) => {
    const text = textOf(statement);
    if (text === undefined) return send(statement, values);
    const span = statementSpan(text, "mysql", address);
    const commented = withComment(text, prepared);
    const given = typeof statement === "string" ? commented : { ...(statement as object), sql: commented };
    const sent = send(given, values);
    if (span || told) {
      const end = (error?: unknown) => {
        told?.settled(error);
        if (span) endStoreSpan(span, error);
      };
      sent.then(() => end(), end);
    }
    return sent;
  };
}

function textOf(statement: unknown): string | undefined {
  if (typeof statement === "string") return statement;
  const { sql } = statement as { sql?: unknown };
  return typeof sql === "string" ? sql : undefined;
}
