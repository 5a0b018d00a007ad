import { ConfigError, deadline, redisAddress } from "@quintet/http";
import { createConnection } from "mysql2/promise";
import postgres from "postgres";
import { connectRedis } from "./redis/client.ts";

/** The settings with the URLs of stores. */
export interface StoreUrls {
  MYSQL_URL?: string | undefined;
  POSTGRES_URL?: string | undefined;
  REDIS_URL?: string | undefined;
  CACHE_REDIS_URL?: string | undefined;
}

const waitMs = 5000;

/**
 * Connects once to each of these stores. Returns a fault of its setting for each that cannot be used, with host and
 * port, and without credentials. Closes its connections.
 */
export async function storeFaults(urls: StoreUrls): Promise<string[]> {
  const asks: [keyof StoreUrls, (url: string) => Promise<unknown>, number][] = [
    ["MYSQL_URL", askMysql, 3306],
    ["POSTGRES_URL", askPostgres, 5432],
    ["REDIS_URL", askRedis, 6379],
    ["CACHE_REDIS_URL", askRedis, 6379],
  ];
  const found = asks.map(async ([name, ask, port]) => {
    const url = urls[name];
    if (url === undefined) return [];
    try {
      await ask(url);
      return [];
    } catch (error) {
      return [`${name}: ${reasonOf(error, placeOf(name, url, port))}`];
    }
  });
  return (await Promise.all(found)).flat();
}

/** Rejects with `ConfigError` if one of these stores cannot be used. */
export async function requireStores(urls: StoreUrls): Promise<void> {
  const faults = await storeFaults(urls);
  if (faults.length > 0) throw new ConfigError(faults);
}

async function askMysql(url: string): Promise<void> {
  const connection = await createConnection({ uri: url, connectTimeout: waitMs });
  connection.destroy();
}

async function askPostgres(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: waitMs / 1000, onnotice: () => {} });
  try {
    await sql`SELECT 1`;
  } finally {
    await sql.end({ timeout: 0 });
  }
}

/** The host and port of a store's URL; of Redis all that the URL names. */
function placeOf(name: keyof StoreUrls, url: string, standardPort: number): string {
  if (name.endsWith("REDIS_URL")) {
    return redisAddress(url)
      .nodes.map(({ host, port }) => `${host}:${port}`)
      .join(",");
  }
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || standardPort}`;
}

async function askRedis(url: string): Promise<void> {
  // The first error has the reason; the rejection of the command only says that there is no connection.
  let first: unknown;
  const redis = connectRedis(url, {
    prefix: "",
    lazyConnect: true,
    onError: (error) => {
      first ??= "lastNodeError" in error ? error.lastNodeError : error;
    },
  });
  try {
    await deadline(redis.ping(), waitMs, () => {
      throw Object.assign(new Error("Redis did not respond."), { code: "ETIMEDOUT" });
    });
    // As for a database that does not exist.
    if (first instanceof Error && first.name === "ReplyError") throw first;
  } catch (error) {
    throw first ?? error;
  } finally {
    redis.disconnect();
  }
}

const reasons: Record<string, (at: string) => string> = {
  ECONNREFUSED: (at) => `nothing listens on ${at}`,
  ENOTFOUND: (at) => `there is no host of that name: ${at}`,
  EAI_AGAIN: (at) => `there is no host of that name: ${at}`,
  ETIMEDOUT: (at) => `${at} does not answer`,
  CONNECT_TIMEOUT: (at) => `${at} does not answer`,
  ER_ACCESS_DENIED_ERROR: (at) => `${at} refuses this user or password`,
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: (at) => `${at} refuses this user or password`,
  "28P01": (at) => `${at} refuses this user or password`,
  "28000": (at) => `${at} refuses this user or password`,
  ER_DBACCESS_DENIED_ERROR: (at) => `${at} does not let this user use this database`,
  ER_BAD_DB_ERROR: (at) => `${at} has no such database`,
  "3D000": (at) => `${at} has no such database`,
};

function reasonOf(error: unknown, at: string): string {
  const { code, message, errors } = error as { code?: string; message?: string; errors?: { code?: string }[] };
  const reported = code ?? errors?.[0]?.code ?? /E[A-Z]{5,}/.exec(message ?? "")?.[0];
  const known = reported === undefined ? undefined : reasons[reported];
  if (known) return known(at);
  if (/^(?:.*Last error: )?(?:WRONGPASS|NOAUTH|NOPERM)/.test(message ?? ""))
    return `${at} refuses this user or password`;
  if (message?.startsWith("All sentinels are unreachable")) return `no Sentinel at ${at} responds and knows the master`;
  if (message === "Connection is closed.") return `no Redis responds at ${at}`;
  return `${at} cannot be used${reported ? ` (${reported})` : ""}`;
}
