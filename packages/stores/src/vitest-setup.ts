import { readdirSync, statSync } from "node:fs";
import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { openStores } from "./open-stores.ts";
import { identify } from "./process-identity.ts";
import { removeData } from "./remove-data.ts";

declare module "vitest" {
  interface ProvidedContext {
    mysqlUrl: string;
    postgresUrl: string;
    redisUrl: string;
    cacheRedisUrl: string;
    /** A folder for the files of this run. It is removed at the end, and stores that tests started in it are killed. */
    runDir: string;
  }
}

const PREFIX = "quintet-test-";

/** Starts real stores in a new folder for one test run, and removes everything at the end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  removeAbandoned();
  const runDir = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  await chmod(runDir, 0o711); // The users that the servers run as must be able to enter.
  const removeAll = () => removeData(runDir);
  const onHangUp = () => process.exit(129);
  // Vitest exits on Ctrl-C without the teardown.
  process.once("exit", removeAll).once("SIGHUP", onHangUp);
  const stores = await openStores({
    dataDir: runDir,
    needs: ["mysql", "postgres", "redis", "cache"],
    env: process.env,
    progress: (line) => console.log(line),
    durable: false,
    allRights: true,
  });
  project.provide("mysqlUrl", stores.env.MYSQL_URL!);
  project.provide("postgresUrl", stores.env.POSTGRES_URL!);
  project.provide("redisUrl", stores.env.REDIS_URL!);
  project.provide("cacheRedisUrl", stores.env.CACHE_REDIS_URL ?? stores.env.REDIS_URL!);
  project.provide("runDir", runDir);
  return async () => {
    process.off("exit", removeAll).off("SIGHUP", onHangUp);
    await stores.close();
    removeAll();
  };
}

/** Removes the folders and servers of killed runs. A folder's name contains the process id of its run. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (!owner || identify(Number(owner))) continue;
    const runDir = join(tmpdir(), name);
    if (statSync(runDir).uid === process.getuid?.()) removeData(runDir);
  }
}
