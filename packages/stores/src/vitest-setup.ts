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
    /** A folder for files of this run, removed at its end together with any store that a test has running in it. */
    runDir: string;
  }
}

const PREFIX = "quintet-test-";

/** Starts real stores in a fresh folder for one run of the tests and removes all of it at the end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  removeAbandoned();
  const runDir = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  await chmod(runDir, 0o711); // mkdtemp closes it to the users that the servers run as.
  const removeAll = () => removeData(runDir);
  const hangUp = () => process.exit(129);
  // Vitest ends on a Ctrl-C without its teardown.
  process.once("exit", removeAll).once("SIGHUP", hangUp);
  const stores = await openStores({
    dataDir: runDir,
    needs: ["mysql", "postgres", "redis", "cache"],
    env: process.env,
    progress: (line) => console.log(line),
    durable: false,
  });
  project.provide("mysqlUrl", stores.env.MYSQL_URL!);
  project.provide("postgresUrl", stores.env.POSTGRES_URL!);
  project.provide("redisUrl", stores.env.REDIS_URL!);
  project.provide("cacheRedisUrl", stores.env.CACHE_REDIS_URL ?? stores.env.REDIS_URL!);
  project.provide("runDir", runDir);
  return async () => {
    process.off("exit", removeAll).off("SIGHUP", hangUp);
    await stores.close();
    removeAll();
  };
}

/** What a killed run has left: its servers still run. The name of its folder says whose it was. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (!owner || identify(Number(owner))) continue;
    const runDir = join(tmpdir(), name);
    if (statSync(runDir).uid === process.getuid?.()) removeData(runDir);
  }
}
