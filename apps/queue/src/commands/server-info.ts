import type { Redis } from "@quintet/db";

/** Public information about the Redis server: no secrets, no file names. */
export interface ServerInfo {
  version: string;
  mode: string;
  role: string;
  uptimeSeconds: number;
  connectedClients: number;
  keys: number;
  memory: { usedBytes: number; peakBytes: number; limitBytes: number | null };
  commandsPerSecond: number;
  appendOnlyFile: boolean;
}

/** Reads the information by INFO and DBSIZE. */
export async function serverInfo(redis: Redis): Promise<ServerInfo> {
  const [text, keys] = await Promise.all([redis.info(), redis.dbsize()]);
  const fields = new Map(
    text.split("\r\n").flatMap((line): [string, string][] => {
      const colon = line.indexOf(":");
      return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
  const number = (name: string) => Number(fields.get(name) ?? 0);
  return {
    version: fields.get("valkey_version") ?? fields.get("redis_version") ?? "",
    mode: fields.get("redis_mode") ?? "",
    role: fields.get("role") ?? "",
    uptimeSeconds: number("uptime_in_seconds"),
    connectedClients: number("connected_clients"),
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
