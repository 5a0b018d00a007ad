import { chown, copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Place, StoreName } from "../engine.ts";
import { postgres } from "../postgres.ts";
import { findPrograms, programFolders } from "../programs.ts";
import { runClient } from "./client.ts";

/** How the data of one store goes into a file and out of it, by the store's own programs. */
export interface Dump {
  title: string;
  file: string;
  /** Writes what a running server holds at one moment. */
  save(url: URL, file: string, signal?: AbortSignal): Promise<void>;
  /** Reads a file into a new server, or lays it where a server that was never started reads it. */
  load(url: URL, file: string, signal?: AbortSignal): Promise<void>;
  seed?(place: Place, file: string): Promise<void>;
}

/** The stores whose data lasts. */
export type DumpedStore = Exclude<StoreName, "cache">;

const mariadbArguments = (url: URL) => [
  "--no-defaults",
  "--protocol=tcp",
  `--host=${url.hostname}`,
  `--port=${url.port}`,
  `--user=${url.username}`,
  "--default-character-set=utf8mb4",
  "--max-allowed-packet=64M",
];
const postgresArguments = (url: URL) => [
  `--host=${url.hostname}`,
  `--port=${url.port}`,
  `--username=${url.username}`,
  "--no-password",
];

export const dumps: Record<DumpedStore, Dump> = {
  mysql: {
    title: "MariaDB",
    file: "mariadb.sql",
    async save(url, file, signal) {
      const consistent = ["--single-transaction", "--quick", "--hex-blob", "--routines", "--triggers", "--events"];
      const args = [...mariadbArguments(url), ...consistent, `--result-file=${file}`, url.pathname.slice(1)];
      const options = { env: { MYSQL_PWD: url.password }, signal };
      for (let attemptsLeft = 4; ; attemptsLeft--) {
        try {
          return await runClient(await client("mariadb-dump", "mariadb-client"), args, options);
        } catch (error) {
          // A table that was replaced meanwhile is not of the snapshot (ER_TABLE_DEF_CHANGED).
          if (attemptsLeft === 0 || !/\b1412\b/.test(String(error))) throw error;
        }
      }
    },
    async load(url, file, signal) {
      const args = [...mariadbArguments(url), `--database=${url.pathname.slice(1)}`];
      const options = { env: { MYSQL_PWD: url.password }, input: file, signal };
      await runClient(await client("mariadb", "mariadb-client"), args, options);
    },
  },
  postgres: {
    title: "Postgres",
    file: "postgres.dump",
    async save(url, file, signal) {
      const args = [...postgresArguments(url), "--format=custom", `--file=${file}`, url.pathname.slice(1)];
      await runClient(await postgresClient("pg_dump"), args, { env: { PGPASSWORD: url.password }, signal });
    },
    async load(url, file, signal) {
      const database = `--dbname=${url.pathname.slice(1)}`;
      const options = { env: { PGPASSWORD: url.password }, signal };
      const connection = [...postgresArguments(url), database];
      await runClient(
        await postgresClient("pg_restore"),
        [...connection, "--exit-on-error", "--jobs=2", file],
        options,
      );
      // Without figures of its tables the first searches would be planned badly.
      await runClient(await postgresClient("vacuumdb"), [...connection, "--analyze-only", "--quiet"], options);
    },
  },
  redis: {
    title: "Redis",
    file: "redis.rdb",
    async save(url, file, signal) {
      const args = ["-h", url.hostname, "-p", url.port, "--rdb", file];
      await runClient(await client("redis-cli", "redis-tools"), args, { env: { REDISCLI_AUTH: url.password }, signal });
    },
    load: async () => {},
    /** A snapshot is how an append-only file may begin; one of this name is taken over at the first start. */
    async seed(place, file) {
      const target = join(place.dir, "data/appendonly.aof");
      await copyFile(file, target);
      if (place.account.ids) await chown(target, place.account.ids.uid, place.account.ids.gid);
    },
  },
};

async function client(name: string, debianPackage: string): Promise<string> {
  const found = await findPrograms([name], programFolders());
  if (!found) throw new Error(`${name} not found on this machine. Install ${debianPackage}`);
  return found[name]!;
}

/** Postgres' clients, of the same version as its server. */
async function postgresClient(name: string): Promise<string> {
  const server = (await postgres.find(null))?.postgres;
  const found = server && (await findPrograms([name], [dirname(server), ...programFolders()]));
  if (!found) throw new Error(`${name} not found on this machine. Install postgresql-client`);
  return found[name]!;
}
