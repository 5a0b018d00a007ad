import { randomBytes } from "node:crypto";
import { Cluster } from "ioredis";
import { createConnection } from "mysql2/promise";
import type { ProcessedRequests } from "./idempotency/processed-requests.ts";
import { connectPostgres } from "./postgres/client.ts";
import type { Redis } from "./redis/client.ts";

/** A database of a test's own, dropped with `await using`. */
export interface TestDatabase extends AsyncDisposable {
  url: string;
}

function ownName(): string {
  return `t_${randomBytes(8).toString("hex")}`;
}

function withDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** A new, empty MySQL database on the server of `serverUrl`. */
export async function testMysql(serverUrl: string): Promise<TestDatabase> {
  const name = ownName();
  const run = async (statement: string) => {
    const connection = await createConnection(serverUrl);
    await connection.query(statement);
    await connection.end();
  };
  await run(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  return {
    url: withDatabase(serverUrl, name),
    [Symbol.asyncDispose]: () => run(`DROP DATABASE IF EXISTS ${name}`),
  };
}

/** A new, empty Postgres database on the server of `serverUrl`. */
export async function testPostgres(serverUrl: string): Promise<TestDatabase> {
  const name = ownName();
  const run = async (statement: string) => {
    const sql = connectPostgres(serverUrl, { connections: 1 });
    await sql.unsafe(statement);
    await sql.end();
  };
  await run(`CREATE DATABASE ${name} TEMPLATE template0`);
  return {
    url: withDatabase(serverUrl, name),
    [Symbol.asyncDispose]: () => run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** A Redis key prefix of a test's own. */
export function testPrefix(): string {
  return `${ownName()}:`;
}

/** Records of keyed requests for an app without a store, in which each request is by itself. */
export function recordsInMemory(): ProcessedRequests {
  const kept = new Map<string, { fingerprint: string; result: string }>();
  const find: ProcessedRequests["find"] = async ({ key }) => kept.get(key);
  return {
    begin: find,
    async complete({ key, fingerprint }, result) {
      kept.set(key, { fingerprint, result });
    },
    find,
  };
}

/** Removes all keys that begin with `prefix`, on a cluster from every node. `redis` has a prefix that `prefix` begins with. */
export async function removeKeys(redis: Redis, prefix: string): Promise<void> {
  const own = redis.options.keyPrefix?.length ?? 0;
  for (const node of redis instanceof Cluster ? redis.nodes("master") : [redis]) {
    for await (const keys of node.scanStream({ match: `${prefix}*` }) as AsyncIterable<string[]>) {
      await Promise.all(keys.map((key) => redis.unlink(key.slice(own))));
    }
  }
}
