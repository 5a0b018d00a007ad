import { join } from "node:path";
import type { Engine } from "./engine.ts";
import { createPrivateFolder, writePrivate } from "./private-file.ts";
import { findPrograms, programFolders } from "./programs.ts";
import { tcpExchange } from "./tcp-exchange.ts";

/** Settings of redis.conf, in the order in which they are written. */
type RedisSettings = [name: string, value: string][];

/** The Redis for durable data: nothing is evicted, and a write is on disk before it is confirmed. */
export const redis: Engine = {
  ...server((durable) => [
    ["appendonly", durable ? "yes" : "no"],
    ["appendfsync", "always"], // Otherwise a message that was confirmed with 201 could be lost; concurrent writes share a sync.
    ["save", '""'], // The append-only file already contains everything.
    ["maxmemory-policy", "noeviction"],
    ["repl-diskless-sync-delay", "0"], // A backup reads as a replica, and there is only one.
  ]),
  name: "redis",
  title: "Redis",
  variable: "REDIS_URL",
};

/** The Redis for data that may be lost: it never waits for the disk, and evicts the least recently used keys. */
export const cache: Engine = {
  ...server(() => [
    ["appendonly", "no"],
    ["save", '""'],
    ["maxmemory", "128mb"],
    ["maxmemory-policy", "allkeys-lru"],
  ]),
  name: "cache",
  title: "Redis for the cache",
  variable: "CACHE_REDIS_URL",
};

/** The common part of both; `settings` are specific to one. */
function server(settings: (durable: boolean) => RedisSettings): Omit<Engine, "name" | "title" | "variable"> {
  return {
    users: ["redis"],
    debianPackage: "redis-server",
    homebrewFormula: "redis",
    stopSignal: "SIGTERM",
    killSignal: "SIGKILL",
    version: { program: "redis-server", comparedParts: 2, exactMatch: false },

    find: () => findPrograms(["redis-server"], programFolders()),

    initialise: (instance) => createPrivateFolder(join(instance.dir, "data"), instance.user.ids),

    async command(instance, programs, port) {
      const file = join(instance.dir, "redis.conf");
      const all: RedisSettings = [
        ["bind", "127.0.0.1"],
        ["port", String(port)],
        ["requirepass", instance.password],
        ["dir", quoted(join(instance.dir, "data"))],
        ["daemonize", "no"],
        ...settings(instance.durable),
      ];
      await writePrivate(file, all.map((setting) => `${setting.join(" ")}\n`).join(""), instance.user.ids);
      return { program: programs["redis-server"]!, args: [file] };
    },

    // "+OK" to the password, then "+PONG", or "-LOADING" while it reads its file.
    isReady: (port, password) =>
      tcpExchange(port, `AUTH ${password}\r\nPING\r\n`, (reply) => {
        const lines = reply.toString("latin1").split("\r\n");
        return lines.length > 2 ? lines[1] === "+PONG" : undefined;
      }),

    url: (port, password) => `redis://default:${password}@127.0.0.1:${port}/0`,
  };
}

/** A path quoted for redis.conf. */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, "\\$&")}"`;
}
