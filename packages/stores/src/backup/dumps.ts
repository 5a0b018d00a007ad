import { chown, copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { InstanceConfig, StoreName } from "../engine.ts";
import { postgres } from "../postgres.ts";
import { findPrograms, programFolders } from "../programs.ts";
import { runClient } from "./client.ts";

/** How one store's data is dumped to a file and loaded, with the store's own programs. */
export interface StoreDump {
  title: string;
  file: string;
  /** Writes a consistent snapshot of a running server. */
  save(url: URL, file: string, signal?: AbortSignal): Promise<void>;
  /** Loads a file into a new, running server. */
  load(url: URL, file: string, signal?: AbortSignal): Promise<void>;
  /** Puts the file where a server that was never started reads it. */
  seed?(instance: InstanceConfig, file: string): Promise<void>;
}

/** The stores with durable data. */
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

export const dumps: Record<DumpedStore, StoreDump> = {
  mysql: {
    title: "MariaDB",
    file: "mariadb.sql",
    async save(url, file, signal) {
      const consistent = ["--single-transaction", "--quick", "--hex-blob", "--routines", "--triggers", "--events"];
      const args = [...mariadbArguments(url), ...consistent, `--result-file=${file}`, url.pathname.slice(1)];
      const options = { env: { MYSQL_PWD: url.password }, signal };
      for (let attemptsLeft = 4; ; attemptsLeft--) {
        try {
          return await runClient(await findClient("mariadb-dump", "mariadb-client"), args, options);
        } catch (error) {
          // ER_TABLE_DEF_CHANGED: a table was replaced meanwhile, and is not in the snapshot.
          if (attemptsLeft === 0 || !/\b1412\b/.test(String(error))) throw error;
        }
      }
    },
    async load(url, file, signal) {
      const args = [...mariadbArguments(url), `--database=${url.pathname.slice(1)}`];
      const options = { env: { MYSQL_PWD: url.password }, input: file, signal };
      await runClient(await findClient("mariadb", "mariadb-client"), args, options);
    },
  },
  postgres: {
    title: "Postgres",
    file: "postgres.dump",
    async save(url, file, signal) {
      const args = [...postgresArguments(url), "--format=custom", `--file=${file}`, url.pathname.slice(1)];
      await runClient(await findPostgresClient("pg_dump"), args, { env: { PGPASSWORD: url.password }, signal });
    },
    async load(url, file, signal) {
      const database = `--dbname=${url.pathname.slice(1)}`;
      const options = { env: { PGPASSWORD: url.password }, signal };
      const connection = [...postgresArguments(url), database];
      await runClient(
        await findPostgresClient("pg_restore"),
        [...connection, "--exit-on-error", "--jobs=2", file],
        options,
      );
      // Without statistics the first queries would get bad plans.
      await runClient(await findPostgresClient("vacuumdb"), [...connection, "--analyze-only", "--quiet"], options);
    },
  },
  redis: {
    title: "Redis",
    file: "redis.rdb",
    async save(url, file, signal) {
      const args = ["-h", url.hostname, "-p", url.port, "--rdb", file];
      await runClient(await findClient("redis-cli", "redis-tools"), args, {
        env: { REDISCLI_AUTH: url.password },
        signal,
      });
    },
    load: async () => {},
    /** An append-only file may begin with a snapshot; Redis converts one of this name at the first start. */
    async seed(instance, file) {
      const target = join(instance.dir, "data/appendonly.aof");
      await copyFile(file, target);
      if (instance.user.ids) await chown(target, instance.user.ids.uid, instance.user.ids.gid);
    },
  },
};

async function findClient(name: string, debianPackage: string): Promise<string> {
  const found = await findPrograms([name], programFolders());
  if (!found) throw new Error(`${name} not found on this machine. Install ${debianPackage}`);
  return found[name]!;
}

/** A client program of Postgres, of the same version as the server. */
async function findPostgresClient(name: string): Promise<string> {
  const server = (await postgres.find(null))?.postgres;
  const found = server && (await findPrograms([name], [dirname(server), ...programFolders()]));
  if (!found) throw new Error(`${name} not found on this machine. Install postgresql-client`);
  return found[name]!;
}
