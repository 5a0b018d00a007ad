import { type RedisAddress, redisAddress } from "@quintet/http";
import { type Cluster, Redis as Connection, type RedisOptions } from "ioredis";
import { addRedisMetrics } from "../observability/store-metrics.ts";
import { batchWrites } from "./batch-writes.ts";
import { openCluster } from "./cluster.ts";
import { nodeConnector } from "./node-connector.ts";
import { type ReplicationGoal, replicateWrites } from "./replication.ts";
import { sendOnce } from "./send-once.ts";
import { defaultSilenceMs, limitSilence } from "./silence-limit.ts";
import { traceRedis } from "./trace-redis.ts";

/** A client of one Redis, of the master that Sentinels name, or of a cluster. */
export type Redis = Connection | Cluster;

export interface ConnectRedisOptions {
  prefix: string;
  /** The name of its metrics; without one it has none. */
  name?: string;
  silenceMs?: number;
  onError: (error: Error) => void;
  /** Whether the commands of one turn of the event loop share a write. Default: no. */
  batchesWrites?: boolean;
  lazyConnect?: boolean;
  /** Waits for the replication of scripts, see `luaCommands`. */
  replication?: ReplicationGoal | undefined;
}

/** The driver's type of replies depends on `replyMapping`, which is never set here. */
type ConnectionOptions = Omit<RedisOptions, "replyMapping">;

const opened = new WeakMap<Redis, { url: string; options: ConnectRedisOptions }>();

const retryStrategy = (attempt: number) => Math.min(attempt * 50, 250);
const connection = {
  connectTimeout: 2000,
  maxRetriesPerRequest: 1,
  autoResendUnfulfilledCommands: false,
} satisfies ConnectionOptions;

/**
 * A Redis client whose keys all start with `prefix`. `url` has a form of `readRedisUrl`. Commands are rejected when
 * Redis is silent for `silenceMs` (default 1 s), and then fail at once until it responds (silence-limit.ts). A command
 * is sent at most once, and rejected with `OutcomeUnknown` if its reply is lost; on a cluster this holds for each node.
 * `onError` is called for lost connections; reconnecting is automatic, to the new master after a fail-over. With a
 * `name` it has metrics.
 */
export function connectRedis(url: string, options: ConnectRedisOptions): Redis {
  const address = redisAddress(url);
  const { name, onError, silenceMs = defaultSilenceMs } = options;
  const redis = address.kind === "cluster" ? clusterClient(address, options) : serverClient(url, address, options);
  if (redis instanceof Connection) {
    redis.on("error", onError);
    if (options.batchesWrites) batchWrites(redis);
    sendOnce(redis);
    limitSilence(redis, silenceMs);
  }
  if (options.replication) replicateWrites(redis, options.replication);
  opened.set(redis, { url, options });
  if (name !== undefined) addRedisMetrics(redis, name);
  return traceRedis(redis, address);
}

const pingMs = 1000;

/**
 * A second connection, for subscriptions; on a cluster to any of its nodes, since each has the messages of all. It pings,
 * so that a silent server is noticed and the next connection goes to another. The caller closes it.
 */
export function subscriberRedis(redis: Redis): Connection {
  const { url, options } = openedWith(redis);
  const address = redisAddress(url);
  const subscriber = openServer(url, address, {
    ...connection,
    retryStrategy,
    ...(redis instanceof Connection ? {} : { Connector: nodeConnector(redis, address) as RedisOptions["Connector"] }),
  } as ConnectionOptions);
  subscriber.on("error", options.onError);
  sendOnce(subscriber);
  limitSilence(subscriber, defaultSilenceMs);
  const timer = setInterval(() => {
    if (subscriber.status === "ready") subscriber.ping().catch(() => {});
  }, pingMs).unref();
  subscriber.on("end", () => clearInterval(timer));
  return subscriber;
}

/**
 * The connections to the servers that take writes: the client itself, or, of a cluster, one to each master that it knows.
 * Waits until it knows some.
 */
export async function mastersOf(redis: Redis): Promise<Connection[]> {
  if (redis instanceof Connection) return [redis];
  if (redis.nodes("master").length === 0) await redis.cluster("INFO");
  return redis.nodes("master");
}

/** Calls `listener` whenever there is a new connection to a server that accepts writes: it may have lost data. */
export function onRedisReady(redis: Redis, listener: () => void): void {
  redis.on("ready", listener);
  if (!(redis instanceof Connection)) redis.on("+node", (node: Connection) => node.on("ready", listener));
}

function openedWith(redis: Redis): { url: string; options: ConnectRedisOptions } {
  const found = opened.get(redis);
  if (!found) throw new Error("The client was not opened by connectRedis.");
  return found;
}

function clusterClient(address: RedisAddress, options: ConnectRedisOptions): Cluster {
  return openCluster(address, {
    prefix: options.prefix,
    silenceMs: options.silenceMs ?? defaultSilenceMs,
    lazyConnect: options.lazyConnect ?? false,
    batchesWrites: options.batchesWrites ?? false,
    connection: { ...connection, ...credentials(address) },
    retryStrategy,
    onError: options.onError,
  });
}

function serverClient(url: string, address: RedisAddress, options: ConnectRedisOptions): Connection {
  const { prefix, lazyConnect = false } = options;
  return openServer(url, address, { keyPrefix: prefix, ...connection, retryStrategy, lazyConnect });
}

/** The driver reads the URL of one server itself, with further options in its query. */
function openServer(url: string, address: RedisAddress, options: ConnectionOptions): Connection {
  return address.kind === "standalone"
    ? new Connection(url, options)
    : new Connection({ ...serverOptions(address), ...options });
}

/** The options of a connection to a node of a cluster, or to the master that Sentinels name. */
function serverOptions(address: RedisAddress): ConnectionOptions {
  const { kind, nodes, masterName, database, sentinelUsername, sentinelPassword, tls } = address;
  if (kind === "cluster") return { ...nodes[0], ...credentials(address) };
  return {
    sentinels: nodes,
    name: masterName,
    db: database,
    ...credentials(address),
    ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(tls ? { sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
    sentinelCommandTimeout: 400,
    sentinelRetryStrategy: retryStrategy,
    // A master that was replaced while it did not respond would otherwise be used again once it responds.
    failoverDetector: true,
    sentinelMaxConnections: 2,
    // A master that became a replica: it has not executed the command, which is sent to the new master.
    reconnectOnError: (error) => (error.message.startsWith("READONLY") ? 2 : false),
  };
}

function credentials({ username, password, tls }: RedisAddress) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
  };
}
