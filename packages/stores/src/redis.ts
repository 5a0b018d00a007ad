import { join } from "node:path";
import type { Engine } from "./engine.ts";
import { makePrivateFolder, writePrivate } from "./private-file.ts";
import { findPrograms, programFolders } from "./programs.ts";
import { tcpExchange } from "./tcp-exchange.ts";

/** Settings of redis.conf, in the order in which they are written. */
type RedisSettings = [name: string, value: string][];

/** The Redis for what must last: nothing is removed, and what was written is on the disk before it is confirmed. */
export const redis: Engine = {
  ...server((durable) => [
    ["appendonly", durable ? "yes" : "no"],
    ["appendfsync", "always"], // Else a message that was answered 201 may be lost with Redis; waiting writes share a sync.
    ["save", '""'], // The append-only file has everything already.
    ["maxmemory-policy", "noeviction"],
    ["repl-diskless-sync-delay", "0"], // A backup is read as a replica would, and no other one comes.
  ]),
  name: "redis",
  title: "Redis",
  variable: "REDIS_URL",
};

/** The Redis for what may be lost: it never waits for the disk, and what was used last stays when its memory is full. */
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

/** What both have in common; `settings` are those of each. */
function server(settings: (durable: boolean) => RedisSettings): Omit<Engine, "name" | "title" | "variable"> {
  return {
    users: ["redis"],
    debianPackage: "redis-server",
    homebrewFormula: "redis",
    stopSignal: "SIGTERM",
    killSignal: "SIGKILL",
    version: { program: "redis-server", comparedParts: 2, onlyEqual: false },

    find: () => findPrograms(["redis-server"], programFolders()),

    initialise: (place) => makePrivateFolder(join(place.dir, "data"), place.account.ids),

    async command(place, programs, port) {
      const file = join(place.dir, "redis.conf");
      const all: RedisSettings = [
        ["bind", "127.0.0.1"],
        ["port", String(port)],
        ["requirepass", place.password],
        ["dir", quoted(join(place.dir, "data"))],
        ["daemonize", "no"],
        ...settings(place.durable),
      ];
      await writePrivate(file, all.map((setting) => `${setting.join(" ")}\n`).join(""), place.account.ids);
      return { program: programs["redis-server"]!, args: [file] };
    },

    // "+OK" for the password, then "+PONG", or "-LOADING" while it reads its file.
    answers: (port, password) =>
      tcpExchange(port, `AUTH ${password}\r\nPING\r\n`, (answer) => {
        const lines = answer.toString("latin1").split("\r\n");
        return lines.length > 2 ? lines[1] === "+PONG" : undefined;
      }),

    url: (port, password) => `redis://default:${password}@127.0.0.1:${port}/0`,
  };
}

/** A path as redis.conf takes it, with quotes and backslashes escaped. */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, "\\$&")}"`;
}
