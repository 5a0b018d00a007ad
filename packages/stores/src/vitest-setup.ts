import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { openStores, stopAbandoned } from "./open-stores.ts";

declare module "vitest" {
  interface ProvidedContext {
    mysqlUrl: string;
    postgresUrl: string;
    redisUrl: string;
  }
}

const PREFIX = "quintet-test-";

/** Starts real stores in a fresh folder for one run of the tests and removes all of it at the end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeAbandoned();
  const dataDir = await mkdtemp(join(tmpdir(), PREFIX));
  await chmod(dataDir, 0o711); // mkdtemp closes it to the users that the servers run as.
  const stores = await openStores({
    dataDir,
    needs: ["mysql", "postgres", "redis"],
    env: process.env,
    progress: (line) => console.log(line),
    durable: false,
  });
  project.provide("mysqlUrl", stores.env.MYSQL_URL!);
  project.provide("postgresUrl", stores.env.POSTGRES_URL!);
  project.provide("redisUrl", stores.env.REDIS_URL!);
  return async () => {
    await stores.close();
    await rm(stores.location, { recursive: true, force: true });
    await rm(dataDir, { recursive: true, force: true });
  };
}

/** What a killed run has left: its servers still run. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const dataDir = join(tmpdir(), name);
    if (await stopAbandoned(dataDir)) await rm(dataDir, { recursive: true, force: true });
  }
}
