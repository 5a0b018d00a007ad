/**
 * Validates the settings of the programs in its arguments, each with its default port, such as `gateway:8080`. Prints the errors as a JSON
 * array. Starts nothing and writes nothing; it is a process of its own because it loads the code of all programs.
 */
import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { apps, issuer } from "../apps/gateway/src/apps.ts";
import { plan } from "../apps/gateway/src/plan.ts";
import { type StoreUrls, storeFaults } from "../packages/db/src/index.ts";
import { configureAuth, withAllFaults } from "../packages/host/src/index.ts";
import { ConfigError } from "../packages/http/src/index.ts";
import { folderFault, freeBytes } from "../packages/http/src/settings/path-faults.ts";
import { readSettingFiles, withDefaults } from "../packages/http/src/settings/setting-files.ts";
import { isDataDirLocked } from "../packages/stores/src/index.ts";
import {
  addressFault,
  openFileLimit,
  settingNames,
  withSettingsFile,
  workerCount,
} from "../packages/workers/src/index.ts";
import { readEnvironment } from "./environment.ts";

const { env: environment, dataDir } = readEnvironment();
const mayRun = process.argv.includes("--may-run");
const programs = process.argv
  .slice(2)
  .filter((argument) => argument !== "--may-run")
  .map((argument) => argument.split(":") as [string, string]);
const storeNames = ["MYSQL_URL", "POSTGRES_URL", "REDIS_URL", "CACHE_REDIS_URL"] as const;

/** Free disk space that private stores need at their first start and at a later one, in MiB; measured, with a margin. */
const neededMiB = { firstStart: 256, laterStart: 32 };

/** With fewer open files the private stores fail with misleading errors. */
const minFiles = 128;

console.log(JSON.stringify(await allFaults()));

async function allFaults(): Promise<string[]> {
  const found = new Set<string>();
  const attempt = async (read: () => unknown) => {
    try {
      await read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const fault of error.faults) found.add(fault);
    }
  };
  let settings = environment;
  await attempt(() => {
    settings = withSettingsFile(environment);
  });
  await attempt(() => workerCount(settings));
  const { env, faults } = readSettingFiles(settings, settingNames);
  for (const fault of faults) found.add(fault);
  const checked = withDefaults(placeholders(), env);
  for (const [name] of programs) await attempt(() => (name === "gateway" ? plan(checked) : configure(name, checked)));
  const isGood = (name: string) => ![...found].some((fault) => fault.startsWith(`${name}:`));
  const urls: StoreUrls = {};
  for (const name of storeNames) if (env[name] && isGood(name)) urls[name] = env[name];
  const others = await Promise.all([storeFaults(urls), addressFaults(env, isGood), dataFault()]);
  const files = openFileLimit();
  if (files !== undefined && files < minFiles) {
    found.add(`ulimit -n: ${files} open files are too few; at least ${minFiles} are needed`);
  }
  for (const fault of others.flat()) found.add(fault);
  return [...found];
}

function configure(name: string, env: NodeJS.ProcessEnv): unknown {
  const app = apps.find((each) => each.name === name);
  return withAllFaults(
    () => app?.configure(env),
    () => (app ? configureAuth(env, () => issuer) : issuer.configure(env)),
  );
}

/** Placeholders for what a start generates: the secrets, and the URLs of the private stores. */
function placeholders(): Record<string, string> {
  const { privateKey } = generateKeyPairSync("ed25519");
  return {
    QUINTET_SECRET: "a".repeat(32),
    AUTH_SIGNING_KEY: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
    ADMIN_USERNAME: "admin",
    ADMIN_PASSWORD: "a".repeat(32),
    MYSQL_URL: "mysql://127.0.0.1/quintet",
    POSTGRES_URL: "postgres://127.0.0.1/quintet",
    REDIS_URL: "redis://127.0.0.1",
  };
}

/** Errors of ports that are in use, and of addresses that are not of this machine. */
async function addressFaults(env: NodeJS.ProcessEnv, isGood: (name: string) => boolean): Promise<string[]> {
  const own = programs.map(([, port]) => ["PORT", "HOST", env.PORT ?? port] as const);
  const others = [["METRICS_PORT", "METRICS_HOST", env.METRICS_PORT] as const];
  if (programs.some(([name]) => name === "gateway")) others.push(["REDIRECT_PORT", "HOST", env.REDIRECT_PORT] as never);
  const asked = [...own, ...others]
    .filter(([setting, host, port]) => port !== undefined && isGood(host) && (setting === "PORT" || isGood(setting)))
    .map(([setting, host, port]) => ({
      setting,
      host: env[host] ?? "127.0.0.1",
      port: isGood(setting) ? Number(port) : 0,
    }));
  // With `--may-run`: the ports in use may belong to the program that runs on this data folder.
  const isRunning = mayRun && isDataDirLocked(dataDir);
  const found = await Promise.all(asked.map(addressFault));
  return found.filter((fault) => fault !== undefined && !(isRunning && fault.includes("is taken"))) as string[];
}

/** Errors of the data folder. */
async function dataFault(): Promise<string[]> {
  const fault = folderFault(dataDir);
  if (fault !== undefined) return [`DATA_DIR: ${fault}`];
  const stores = join(dataDir, "stores");
  const needed = existsSync(stores) ? neededMiB.laterStart : neededMiB.firstStart;
  const free = Math.floor(freeBytes(existsSync(stores) ? stores : dataDir) / 2 ** 20);
  if (free >= needed || storeNames.every((name) => environment[name])) return [];
  return [`DATA_DIR: the disk of ${dataDir} has ${free} MiB free; at least ${needed} MiB are needed`];
}
