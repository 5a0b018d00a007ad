import type { RedisAddress } from "@quintet/http";
import { Cluster, type Redis as Connection, type RedisOptions } from "ioredis";
import { batchWrites } from "./batch-writes.ts";
import { sendOnce } from "./send-once.ts";
import { limitSilence, RedisUnavailable } from "./silence-limit.ts";

/** How often the slots are read again while a master is unreachable, in ms. */
const refreshMs = 250;
/** After so many failed reads in a row the nodes are looked up again by the names in the URL. */
const failedRefreshes = 8;

interface Command {
  isSettled: boolean;
  name: string;
  reject(error: Error): void;
}

/** The parts of the driver that this module uses. */
interface Driver {
  status: string;
  slots: string[][];
  sendCommand(command: Command, stream?: object, node?: object): unknown;
  offlineQueue: { shift(): { command: Command } | undefined };
  invokeReadyDelayedCallbacks(error: Error): void;
  delayUntilReady(callback: (error?: Error) => void): void;
}

/** The parts of the driver's client of one node that this module uses. */
interface Node {
  status: string;
  disconnect(reconnect?: boolean): void;
  setStatus(status: string): void;
  flushQueue(error: Error): void;
}

export interface OpenClusterOptions {
  prefix: string;
  silenceMs: number;
  lazyConnect?: boolean;
  /** Whether the commands of one turn of the event loop share a write to each node. */
  batchesWrites: boolean;
  connection: Pick<RedisOptions, "connectTimeout" | "maxRetriesPerRequest" | "username" | "password" | "tls">;
  retryStrategy: (attempt: number) => number;
  onError: (error: Error) => void;
}

/**
 * A client of a cluster that gives for each node what `connectRedis` gives for one server: a command is sent at most
 * once, and a silent or unreachable node rejects its commands after `silenceMs` and then at once. A command that a node
 * redirects (MOVED, ASK) or refuses (CLUSTERDOWN, TRYAGAIN) was not executed, and is sent again. While a master is
 * unreachable the slots are read again four times a second, so that the replica that replaces it is found.
 */
export function openCluster(address: RedisAddress, options: OpenClusterOptions): Cluster {
  const { silenceMs, onError } = options;
  const cluster = new Cluster(address.nodes, {
    keyPrefix: options.prefix,
    lazyConnect: true,
    redisOptions: options.connection,
    clusterNodeRetryStrategy: options.retryStrategy,
    clusterRetryStrategy: options.retryStrategy,
    // Names are resolved for each connection: one name without an address must not prevent the others from being used.
    dnsLookup: (name, callback) => callback(null, name),
    maxRedirections: 12,
  });
  cluster.on("error", onError);
  cluster.on("node error", onError);
  cluster.on("+node", (node: Connection) => {
    const driver = node as unknown as Node;
    if (options.batchesWrites) batchWrites(node);
    sendOnce(node);
    limitSilence(node, silenceMs);
    endReconnecting(driver);
    node.on("close", refreshWhileUnreachable);
  });
  const refreshWhileUnreachable = refreshing(cluster);
  fillUncoveredSlots(cluster);
  limitWaiting(cluster, silenceMs);
  if (!options.lazyConnect) cluster.connect().catch(() => {}); // Reported by `onError`.
  return cluster;
}

/** Reads the slots again until all masters that have been used are connected. */
function refreshing(cluster: Cluster): () => void {
  let timer: NodeJS.Timeout | undefined;
  let failures = 0;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    failures = 0;
  };
  return () => {
    timer ??= setInterval(() => {
      const isConnected = cluster.nodes("master").every(({ status }) => status === "ready" || status === "wait");
      if (cluster.status !== "ready" || isConnected) return stop();
      cluster.refreshSlotsCache((error) => {
        failures = error ? failures + 1 : 0;
        if (failures < failedRefreshes || cluster.status !== "ready") return;
        stop();
        cluster.disconnect(true);
      });
    }, refreshMs).unref();
  };
}

/** The driver cannot handle a slot that no node serves; a command for it goes to any node, which replies CLUSTERDOWN. */
function fillUncoveredSlots(cluster: Cluster): void {
  cluster.on("refresh", () => {
    const { slots } = cluster as unknown as Driver;
    for (let slot = 0; slot < 16_384; slot++) slots[slot] ??= [];
  });
}

/** Limits how long commands wait for the cluster itself, while this client knows none of its nodes. */
function limitWaiting(cluster: Cluster, limitMs: number): void {
  const driver = cluster as unknown as Driver;
  let timer: NodeJS.Timeout | undefined;
  let isAvailable = true;
  const unavailable = () => new RedisUnavailable("The Redis cluster could not be reached.");

  const send = driver.sendCommand.bind(cluster);
  driver.sendCommand = (command, stream, node) => {
    // The driver asks for the state of the cluster before it is ready.
    if (!isAvailable && driver.status !== "ready" && !command.isSettled && command.name !== "cluster") {
      command.reject(unavailable());
      if (driver.status === "wait") cluster.connect().catch(() => {});
      return undefined;
    }
    return send(command, stream, node);
  };
  const delay = driver.delayUntilReady.bind(cluster);
  driver.delayUntilReady = (callback) => (isAvailable ? delay(callback) : process.nextTick(callback, unavailable()));
  const giveUp = () => {
    isAvailable = false;
    for (let one = driver.offlineQueue.shift(); one; one = driver.offlineQueue.shift()) {
      one.command.reject(unavailable());
    }
    driver.invokeReadyDelayedCallbacks(unavailable());
  };
  cluster.on("connecting", () => {
    timer ??= setTimeout(giveUp, limitMs).unref();
  });
  cluster.on("ready", () => {
    clearTimeout(timer);
    timer = undefined;
    isAvailable = true;
  });
  cluster.on("end", () => clearTimeout(timer));
}

/** The driver never reports the end of a client that is disconnected between two attempts to connect. */
function endReconnecting(node: Node): void {
  const disconnect = node.disconnect.bind(node);
  node.disconnect = (reconnect = false) => {
    const isWaiting = node.status === "reconnecting" && !reconnect;
    disconnect(reconnect);
    if (!isWaiting) return;
    node.setStatus("end");
    node.flushQueue(new Error("Connection is closed."));
  };
}
