import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { readOr } from "./data-version.ts";
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
  stopSignal: "SIGINT", // "Fast": does not wait for the sessions to end.
  killSignal: "SIGQUIT", // "Immediate": a SIGKILL would leave its shared memory behind.
  version: {
    program: "postgres",
    comparedParts: 1,
    onlyEqual: true,
    ofData: (data) => readOr(join(data, "PG_VERSION"), ""),
  },

  async find(dir) {
    const folders = [
      ...(await versionedFolders("/usr/lib/postgresql", /^\d+$/)),
      ...(await Promise.all(HOMEBREW_PARENTS.map((parent) => versionedFolders(parent, /^postgresql(@\d+)?$/)))).flat(),
      ...programFolders(),
    ];
    const version = dir && (await readOr(join(dir, "data/PG_VERSION"), "")).trim();
    const fitting = version
      ? folders.filter(
          (folder) => folder.includes(`postgresql/${version}/`) || folder.includes(`postgresql@${version}/`),
        )
      : [];
    return findTogether([...fitting, ...folders]);
  },

  async initialise(place, programs) {
    const draft = join(place.dir, "draft");
    const passwordFile = join(place.dir, "password");
    await rm(draft, { recursive: true, force: true });
    await writePrivate(passwordFile, place.password, place.account.ids);
    await runProgram(place, programs.initdb!, [
      `--pgdata=${draft}`,
      "--username=quintet",
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      ...(process.platform === "darwin" ? ["--locale=C", "--lc-ctype=UTF-8"] : ["--locale=C.UTF-8"]),
      "--no-instructions",
      ...(place.durable ? [] : ["--no-sync"]),
    ]);
    await rm(passwordFile);
    const single = ["--single", "-D", draft, ...(place.durable ? [] : ["-c", "fsync=off"]), "postgres"];
    await runProgram(place, programs.postgres!, single, "CREATE DATABASE quintet\n");
    await rename(draft, join(place.dir, "data"));
  },

  async command(place, programs, port) {
    await removeStalePidFile(join(place.dir, "data"));
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
      ...(place.durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    return { program: programs.postgres!, args: ["-D", join(place.dir, "data"), ...args] };
  },

  // A startup packet is answered by "R", a demand for the password, or by "E" while the server is not ready.
  answers: (port) => tcpExchange(port, startupPacket(), (answer) => answer[0] === "R".charCodeAt(0)),

  url: (port, password) => `postgres://quintet:${password}@127.0.0.1:${port}/quintet`,
};

/** initdb and postgres must be of one version, so that both come from one folder. */
async function findTogether(folders: string[]): Promise<Record<string, string> | null> {
  for (const folder of folders) {
    const found = await findPrograms(["initdb", "postgres"], [folder]);
    if (found) return found;
  }
  return null;
}

/**
 * Removes a pid file that a crash has left, or that came with a copy of the data: Postgres believes it while any process
 * of its user has that id. The caller has the data folder locked, so that no server of ours runs there; one that somebody
 * has started by hand is left to Postgres.
 */
async function removeStalePidFile(data: string): Promise<void> {
  const file = join(data, "postmaster.pid");
  const [pid, itsData] = (await readFile(file, "utf8").catch(() => "")).split("\n");
  if (!pid || !itsData) return;
  const isServed = (await isSameFolder(itsData, data)) && (await worksIn(pid, data));
  if (!isServed) await rm(file);
}

/** Whether a process works in a folder; true where that cannot be known. */
async function worksIn(pid: string, folder: string): Promise<boolean> {
  return process.platform !== "linux" || isSameFolder(`/proc/${pid}/cwd`, folder).catch(() => true);
}

/** Postgres protocol 3.0, StartupMessage. */
function startupPacket(): Buffer {
  const body = Buffer.from("\0\x03\0\0user\0quintet\0database\0quintet\0\0", "latin1");
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([length, body]);
}
