import { rmSync } from "node:fs";
import { chmod, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { killAll, openStores, stopAbandoned } from "./open-stores.ts";
import { identify } from "./process-identity.ts";

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
  const dataDir = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
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
  const removeAtOnce = () => {
    killAll(stores.location);
    for (const folder of [stores.location, dataDir]) rmSync(folder, { recursive: true, force: true, maxRetries: 9 });
  };
  const hangUp = () => process.exit(129);
  // Vitest ends on a Ctrl-C without its teardown.
  process.once("exit", removeAtOnce).once("SIGHUP", hangUp);
  return async () => {
    process.off("exit", removeAtOnce).off("SIGHUP", hangUp);
    await stores.close();
    await remove(stores.location, dataDir);
  };
}

/** What a killed run has left: its servers still run. The name of its folder says whose it was. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (!owner || identify(Number(owner))) continue;
    const dataDir = join(tmpdir(), name);
    if ((await stat(dataDir)).uid !== process.getuid?.()) continue;
    const location = await stopAbandoned(dataDir);
    if (location) await remove(location, dataDir);
  }
}

async function remove(...folders: string[]): Promise<void> {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
}
