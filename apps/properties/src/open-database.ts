import { connectMysql, type MysqlPool } from "@quintet/db";
import { type Database, select } from "./database.ts";
import { freshness } from "./listings/freshness.ts";
import { PriceBlocks } from "./search/price-blocks.ts";
import { searchLimits } from "./search/search-limits.ts";
import { searchStatements } from "./search/search-statements.ts";
import { readSource } from "./source/read-source.ts";
import type { Source } from "./source/source.ts";
import { Statuses } from "./source/statuses.ts";
import { readStatements } from "./sql/statements.ts";

/** Max concurrent searches: more than a few cores can handle would only make each of them slower. */
const maxSearches = 6;

/** Opens a database for work without a time limit and outside of any app, on connections of its own. */
export function openDatabaseAlone(url: string): Database {
  const pool = connectMysql(url, { connections: 2, statementSeconds: 0 });
  const db = openDatabase(pool, url);
  return {
    ...db,
    async [Symbol.asyncDispose]() {
      await db[Symbol.asyncDispose]();
      await pool.end();
    },
  };
}

/** Reads the statements and creates the search pool on the same database as `pool`. Connects lazily. */
export function openDatabase(pool: MysqlPool, url: string, statementSeconds?: number): Database {
  const statements = readStatements();
  const searchPool = connectMysql(url, {
    connections: maxSearches,
    name: "properties searches",
    statementSeconds,
    endsWithClient: true,
  });
  let source: Promise<Source> | undefined;
  // On a connection of its own: the transactions that ask for it may hold all those of the pool.
  const readAlone = async () => {
    const alone = connectMysql(url, { connections: 1, name: "properties source", statementSeconds });
    try {
      return await readSource(alone, statements);
    } finally {
      await alone.end();
    }
  };
  const db: Database = {
    pool,
    searchPool,
    statements,
    searches: searchStatements(statements),
    limits: searchLimits,
    prices: new PriceBlocks(() => db),
    source() {
      source ??= readAlone().catch((error: unknown) => {
        source = undefined;
        throw error;
      });
      return source;
    },
    async statuses() {
      return new Statuses(await select(pool, statements.statuses, {}));
    },
    fresh: freshness(() => db),
    [Symbol.asyncDispose]: () => searchPool.end(),
  };
  return db;
}
