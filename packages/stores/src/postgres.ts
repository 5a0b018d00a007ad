import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { readFileOr } from "./data-version.ts";
import type { Engine } from "./engine.ts";
import { writePrivate } from "./private-file.ts";
import { findPrograms, programFolders, versionedFolders } from "./programs.ts";
import { runProgram } from "./run-program.ts";
import { isSameFolder } from "./same-folder.ts";
import { tcpExchange } from "./tcp-exchange.ts";

const HOMEBREW_PARENTS = ["/opt/homebrew/opt", "/usr/local/opt"];

export const postgres: Engine = {
  name: "postgres",
  title: "Postgres",
  variable: "POSTGRES_URL",
  users: ["postgres"],
  debianPackage: "postgresql",
  homebrewFormula: "postgresql@17",
  stopSignal: "SIGINT", // "Fast": does not wait for sessions to end.
  killSignal: "SIGQUIT", // "Immediate": a SIGKILL would leave its shared memory behind.
  version: {
    program: "postgres",
    comparedParts: 1,
    exactMatch: true,
    readDataVersion: (data) => readFileOr(join(data, "PG_VERSION"), ""),
  },

  async find(dir) {
    const folders = [
      ...(await versionedFolders("/usr/lib/postgresql", /^\d+$/)),
      ...(await Promise.all(HOMEBREW_PARENTS.map((parent) => versionedFolders(parent, /^postgresql(@\d+)?$/)))).flat(),
      ...programFolders(),
    ];
    const version = dir && (await readFileOr(join(dir, "data/PG_VERSION"), "")).trim();
    const matching = version
      ? folders.filter(
          (folder) => folder.includes(`postgresql/${version}/`) || folder.includes(`postgresql@${version}/`),
        )
      : [];
    return findInSameFolder([...matching, ...folders]);
  },

  async initialise(instance, programs) {
    const draft = join(instance.dir, "draft");
    const passwordFile = join(instance.dir, "password");
    await rm(draft, { recursive: true, force: true });
    await writePrivate(passwordFile, instance.password, instance.user.ids);
    await runProgram(instance, programs.initdb!, [
      `--pgdata=${draft}`,
      "--username=quintet",
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      ...(process.platform === "darwin" ? ["--locale=C", "--lc-ctype=UTF-8"] : ["--locale=C.UTF-8"]),
      "--no-instructions",
      ...(instance.durable ? [] : ["--no-sync"]),
    ]);
    await rm(passwordFile);
    const single = ["--single", "-D", draft, ...(instance.durable ? [] : ["-c", "fsync=off"]), "postgres"];
    await runProgram(instance, programs.postgres!, single, "CREATE DATABASE quintet\n");
    await rename(draft, join(instance.dir, "data"));
  },

  async command(instance, programs, port) {
    await removeStalePidFile(join(instance.dir, "data"));
    const settings = {
      listen_addresses: "127.0.0.1",
      port,
      unix_socket_directories: "",
      max_connections: 200,
      shared_buffers: "256MB",
      effective_cache_size: "1GB",
      work_mem: "16MB",
      maintenance_work_mem: "128MB",
      max_wal_size: "2GB",
      random_page_cost: 1.1,
      jit: "off",
      timezone: "UTC",
      log_timezone: "UTC",
      ...(instance.durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    return { program: programs.postgres!, args: ["-D", join(instance.dir, "data"), ...args] };
  },

  // The reply to a startup packet is "R", a request for the password, or "E" while the server is not ready.
  isReady: (port) => tcpExchange(port, startupPacket(), (reply) => reply[0] === "R".charCodeAt(0)),

  url: (port, password) => `postgres://quintet:${password}@127.0.0.1:${port}/quintet`,
};

/** initdb and postgres of one folder, because their versions must be equal. */
async function findInSameFolder(folders: string[]): Promise<Record<string, string> | null> {
  for (const folder of folders) {
    const found = await findPrograms(["initdb", "postgres"], [folder]);
    if (found) return found;
  }
  return null;
}

/**
 * Removes a pid file that was left by a crash or copied with the data: Postgres trusts it while any process of its user
 * has that id. The caller holds the lock of the data folder, so none of our servers is running there; a server that was
 * started by hand is left for Postgres to detect.
 */
async function removeStalePidFile(data: string): Promise<void> {
  const file = join(data, "postmaster.pid");
  const [pid, dataFolder] = (await readFile(file, "utf8").catch(() => "")).split("\n");
  if (!pid || !dataFolder) return;
  const isInUse = (await isSameFolder(dataFolder, data)) && (await hasWorkingDirectory(pid, data));
  if (!isInUse) await rm(file);
}

/** Whether a folder is a process's working directory; true when that is unknown. */
async function hasWorkingDirectory(pid: string, folder: string): Promise<boolean> {
  return process.platform !== "linux" || isSameFolder(`/proc/${pid}/cwd`, folder).catch(() => true);
}

/** Postgres protocol 3.0, StartupMessage. */
function startupPacket(): Buffer {
  const body = Buffer.from("\0\x03\0\0user\0quintet\0database\0quintet\0\0", "latin1");
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([length, body]);
}
