import { infoFields, mastersOf, type Redis } from "@quintet/db";

interface Memory {
  usedBytes: number;
  peakBytes: number;
  limitBytes: number | null;
}

/** Public information about the Redis server, or about a cluster as a whole: no secrets, no file names, no addresses. */
export interface ServerInfo {
  version: string;
  mode: string;
  role: string;
  uptimeSeconds: number;
  connectedClients: number;
  /** The replicas that are connected. */
  replicas: number;
  keys: number;
  memory: Memory;
  commandsPerSecond: number;
  appendOnlyFile: boolean;
  /** The masters of a cluster. */
  nodes?: NodeInfo[];
}

/** One master of a cluster. */
export type NodeInfo = Omit<ServerInfo, "mode" | "nodes"> & {
  /** How many of the 16,384 hash slots it serves. */
  slots: number;
};

/** Reads the information by INFO and DBSIZE; on a cluster from each master that responds. */
export async function serverInfo(redis: Redis): Promise<ServerInfo> {
  const masters = await mastersOf(redis);
  if (!("slots" in redis)) return readServer(masters[0] as ConnectedServer);
  const served = new Map<string | undefined, number>();
  for (const [key] of redis.slots) served.set(key, (served.get(key) ?? 0) + 1);
  const read = await Promise.allSettled(
    masters.map(async (master): Promise<ServerInfo & { slots: number }> => {
      const { host, port } = master.options;
      return { ...(await readServer(master)), slots: served.get(`${host}:${port}`) ?? 0 };
    }),
  );
  const found = read.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = read.find((one) => one.status === "rejected");
  if (failed && found.length === 0) throw failed.reason;
  const sum = (numberOf: (node: ServerInfo) => number) => found.reduce((total, node) => total + numberOf(node), 0);
  return {
    version: found[0]?.version ?? "",
    mode: "cluster",
    role: "master",
    uptimeSeconds: Math.min(...found.map(({ uptimeSeconds }) => uptimeSeconds)),
    connectedClients: sum(({ connectedClients }) => connectedClients),
    replicas: sum(({ replicas }) => replicas),
    keys: sum(({ keys }) => keys),
    memory: {
      usedBytes: sum(({ memory }) => memory.usedBytes),
      peakBytes: sum(({ memory }) => memory.peakBytes),
      limitBytes: found.every(({ memory }) => memory.limitBytes !== null)
        ? sum(({ memory }) => memory.limitBytes ?? 0)
        : null,
    },
    commandsPerSecond: sum(({ commandsPerSecond }) => commandsPerSecond),
    appendOnlyFile: found.every(({ appendOnlyFile }) => appendOnlyFile),
    nodes: found.map(({ mode: _, ...node }) => node),
  };
}

type ConnectedServer = Awaited<ReturnType<typeof mastersOf>>[number];

async function readServer(redis: ConnectedServer): Promise<ServerInfo> {
  const [text, keys] = await Promise.all([redis.info(), redis.dbsize()]);
  const fields = infoFields(text);
  const number = (name: string) => Number(fields.get(name) ?? 0);
  return {
    version: fields.get("valkey_version") ?? fields.get("redis_version") ?? "",
    mode: fields.get("redis_mode") ?? "",
    role: fields.get("role") ?? "",
    uptimeSeconds: number("uptime_in_seconds"),
    connectedClients: number("connected_clients"),
    replicas: number("connected_slaves"),
    keys,
    memory: {
      usedBytes: number("used_memory"),
      peakBytes: number("used_memory_peak"),
      limitBytes: number("maxmemory") || null,
    },
    commandsPerSecond: number("instantaneous_ops_per_sec"),
    appendOnlyFile: fields.get("aof_enabled") === "1",
  };
}
