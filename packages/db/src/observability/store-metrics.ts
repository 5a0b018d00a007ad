import { gauge, isUnavailable } from "@quintet/http";
import type { Cluster, Redis as Connection } from "ioredis";
import type { Pool } from "mysql2/promise";

/** The connections of a pool at this moment. */
interface Connections {
  inUse: number;
  idle: number;
  /** Work waiting for a connection. */
  waiting: number;
}

type Store = "mysql" | "postgres" | "redis";

/** The metrics of a pool of connections to a store. */
export class PoolMetrics {
  readonly store: Store;
  readonly name: string;
  /** Whether the store responded to the last request; undefined before the first. */
  up: boolean | undefined;
  /** Returns undefined once the pool is closed. */
  readonly connections: () => Connections | undefined;

  constructor(store: Store, name: string, places: () => Connections | undefined) {
    this.store = store;
    this.name = name;
    this.connections = places;
    pools.add(this);
  }

  /** Records the outcome of a request to the store. */
  settled(error?: unknown): void {
    this.up = !isUnavailable(error);
  }
}

const pools = new Set<PoolMetrics>();

function* open(): Generator<[PoolMetrics, Connections]> {
  for (const pool of pools) {
    const places = pool.connections();
    if (places) yield [pool, places];
    else pools.delete(pool);
  }
}

const labels = ["store", "pool"] as const;

gauge("quintet_store_connections", "Connections to a store, in use or idle.", [...labels, "state"], (made) => {
  for (const [{ store, name: pool }, { inUse, idle }] of open()) {
    made.inc({ store, pool, state: "in use" }, inUse);
    made.inc({ store, pool, state: "idle" }, idle);
  }
});
gauge("quintet_store_waiting", "Statements and transactions waiting for a connection.", labels, (made) => {
  for (const [{ store, name: pool }, { waiting }] of open()) made.inc({ store, pool }, waiting);
});
gauge(
  "quintet_store_up",
  "1 if the store responded to the last request, 0 if it could not be reached.",
  labels,
  (made) => {
    const down = new Set<string>();
    for (const [{ store, name: pool, up }] of open()) {
      if (up === undefined) continue;
      if (!up) down.add(`${store} ${pool}`);
      made.set({ store, pool }, down.has(`${store} ${pool}`) ? 0 : 1);
    }
  },
  "min",
);

/** The parts of the driver's pool that this module uses. */
interface Queues {
  _closed: boolean;
  _allConnections: { length: number };
  _freeConnections: { length: number };
  _connectionQueue: { length: number };
}

/** Adds the metrics of a MySQL pool. */
export function mysqlMetrics(pool: Pool, name: string): PoolMetrics {
  const queues = (pool as unknown as { pool: Queues }).pool;
  return new PoolMetrics("mysql", name, () => {
    if (queues._closed) return undefined;
    const idle = queues._freeConnections.length;
    return { inUse: queues._allConnections.length - idle, idle, waiting: queues._connectionQueue.length };
  });
}

/**
 * Adds the metrics of a Redis client, which has one connection, or one to each node of a cluster. A connection is in use
 * while a reply is pending.
 */
export function addRedisMetrics(redis: Connection | Cluster, name: string): void {
  type Queues = Record<"commandQueue" | "offlineQueue", { length: number }>;
  const pool = new PoolMetrics("redis", name, () => {
    const { status } = redis;
    if (status === "end") return undefined;
    const connections = "nodes" in redis ? redis.nodes() : [redis];
    // A connection that is opened on first use says nothing about the store until then.
    const used = connections.filter((connection) => connection.status !== "wait");
    const ready = used.filter((connection) => connection.status === "ready");
    pool.up = status === "wait" ? undefined : status === "ready" && ready.length === used.length;
    const queues = connections as unknown as Queues[];
    const inUse = ready.filter((connection) => (connection as unknown as Queues).commandQueue.length > 0).length;
    const atCluster = "nodes" in redis ? (redis as unknown as Queues).offlineQueue.length : 0;
    const waiting = queues.reduce((sum, { offlineQueue }) => sum + offlineQueue.length, atCluster);
    return { inUse, idle: ready.length - inUse, waiting };
  });
}
