import type { Pool, PoolConnection } from "mysql2/promise";
import { withComment } from "./sql-comment.ts";
import type { StorePool } from "./store-metrics.ts";
import { endStoreSpan, type StoreAddress, statementSpan } from "./store-span.ts";

type Send = (statement: unknown, values?: unknown) => Promise<unknown>;
type Sender = { query: unknown; execute: unknown };

/**
 * Makes the statements of a pool, and of the connections that it gives, carry their request's id and be seen in its
 * trace. The driver's own tracing channel would tell values and know a waiting statement's request wrongly.
 */
export function observeMysql(pool: Pool, address: StoreAddress, told: StorePool | undefined): Pool {
  observe(pool, address, told);
  const getConnection = pool.getConnection.bind(pool);
  pool.getConnection = async () => {
    const connection: PoolConnection = await getConnection().catch((error: unknown) => {
      told?.settled(error);
      throw error;
    });
    observe(connection, address, told);
    return connection;
  };
  return pool;
}

function observe(on: Sender, address: StoreAddress, told: StorePool | undefined): void {
  on.query = observed((on.query as Send).bind(on), false, address, told);
  on.execute = observed((on.execute as Send).bind(on), true, address, told);
}

function observed(send: Send, prepared: boolean, address: StoreAddress, told: StorePool | undefined): Send {
  return (statement, values) => {
    const text = textOf(statement);
    if (text === undefined) return send(statement, values);
    const span = statementSpan(text, "mysql", address);
    const commented = withComment(text, prepared);
    const given = typeof statement === "string" ? commented : { ...(statement as object), sql: commented };
    const sent = values === undefined ? send(given) : send(given, values);
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
