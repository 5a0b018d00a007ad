/**
 * `npm start`: runs the stores, and the gateway with every app in worker processes, and prints the URLs. This process serves no requests: it
 * owns the stores and the listening socket, and restarts workers that exit.
 */
import { join, resolve } from "node:path";
import { readSettingFiles, withDefaults } from "../packages/http/src/settings/setting-files.ts";
import {
  loadSecrets,
  lockDataDir,
  openStores,
  type StoreName,
  saveSecretsInUse,
} from "../packages/stores/src/index.ts";
import {
  ConfigError,
  eventLog,
  onReloadSignals,
  stopSignals,
  Workers,
  watchFiles,
  withSettingsFile,
} from "../packages/workers/src/index.ts";
import { readEnvironment } from "./environment.ts";
import { reportFailure } from "./failure.ts";
import { settingErrors } from "./settings.ts";
import { stopRequests } from "./stop-requests.ts";

const { env: environment, dataDir } = readEnvironment();
let logSettings = logSettingsOf(environment);
const stop = stopRequests(stopSignals());
/** Resolves to the exit code after an uncaught error, so that the stores are stopped even then. */
const fault = new Promise<number>((resolve) => {
  process.on("uncaughtException", (error) => {
    console.error("Stopping after an uncaught error:", error);
    resolve(1);
  });
});

process.stdout.on("error", () => {}); // A closed pipe (npm start | head) is no reason to stop.
process.exit(await main(process.argv.slice(2)).catch((error) => reportFailure(error, stop.signal)));

async function main(args: string[]): Promise<number> {
  if (args.length === 0) return start();
  if (args.length > 1 || args[0] !== "--check") throw new Error("npm start accepts one argument: -- --check");
  const faults = await settingErrors(["gateway:8080", "--may-run"], process.env);
  for (const fault of faults) console.error(fault);
  if (faults.length === 0) print("The settings are valid.");
  return faults.length === 0 ? 0 : 1;
}

async function start(): Promise<number> {
  const opened = open();
  await using releasing = new AsyncDisposableStack();
  releasing.defer(() =>
    opened.then(
      ({ stores }) => stores.close(),
      () => {}, // Reported where it is awaited.
    ),
  );
  const program = join(import.meta.dirname, "gateway.ts");
  const workers = new Workers({
    program,
    log,
    settings: async () => settingsFor(await opened),
    serving: keepSecrets,
  });
  const starting = workers.start();
  starting.catch(() => {}); // Reported below, if it is still awaited.
  const replace = () => void workers.replace();
  onReloadSignals(replace);
  const unwatch = environment.CONFIG_FILE ? watchFiles([environment.CONFIG_FILE], replace) : () => {};
  try {
    // A second Ctrl-C waits only for the stores.
    const early = await Promise.race([starting, stop.again, stop.first.then(() => opened), fault]);
    if (typeof early === "number") return early;
    if (stop.signal.aborted) return 0;
    print(screen(workers.url, await opened));
    const failure = await Promise.race([stop.first, fault, workers.failed]);
    if (failure) return failure;
    print("\nStopping: waiting for requests in flight; press Ctrl-C again to abort them");
    return 0;
  } finally {
    unwatch();
    await Promise.race([workers.close(), stop.again]);
    workers.kill();
  }
}

type Opened = Awaited<ReturnType<typeof open>>;

/** Validates the settings, then opens the stores and reads the secrets of the data folder. */
async function open() {
  const faults = await settingErrors(["gateway:8080", "--may-run"], process.env);
  if (faults.length > 0) throw new ConfigError(faults);
  const lock = await lockDataDir(dataDir);
  if ("heldBy" in lock) {
    throw new Error(`Quintet is already running on ${dataDir} as process ${lock.heldBy}. Stop it, or set DATA_DIR`);
  }
  const needs: StoreName[] = ["mysql", "postgres", "redis", "cache"];
  const { env } = withStoreUrls(withSettingsFile(environment));
  const stores = await openStores({ dataDir, needs, env, progress: print, report, signal: stop.signal });
  const { firstStart, env: secrets } = await loadSecrets(dataDir);
  if (!stop.signal.aborted) print("Starting Quintet");
  return { stores, secrets, firstStart };
}

/** The workers' settings: the environment and settings file, then generated defaults. Read again whenever the workers are replaced. */
function settingsFor({ stores, secrets }: Opened): NodeJS.ProcessEnv {
  const { env } = withStoreUrls(withSettingsFile(environment));
  logSettings = logSettingsOf(env);
  const defaults = {
    DEMO_DATA: "true",
    PUBLIC_FIGURES: "true",
    SHOW_EMAILS: env.DEMO_DATA || "true", // The people of the demo have no addresses to protect.
    BACKUP_DIR: join(dataDir, "backups"),
  };
  return { ...withDefaults({ ...defaults, ...secrets }, env), ...stores.env, ...logSettings };
}

function logSettingsOf(env: NodeJS.ProcessEnv) {
  return { LOG_LEVEL: env.LOG_LEVEL, LOG_FILE: resolve(env.LOG_FILE || join(dataDir, "quintet.log")) };
}

/** Stores the secrets in use, so that a rotated secret is not replaced by the old one at a later start. */
function keepSecrets(env: NodeJS.ProcessEnv): void {
  const used = readSettingFiles(env, ["QUINTET_SECRET", "AUTH_SIGNING_KEY"]).env;
  saveSecretsInUse(dataDir, used).then(
    (replaced) => {
      for (const name of replaced)
        log("info", `The ${name} that was set is now stored in ${join(dataDir, "secrets.json")}`);
    },
    (error: Error) => log("error", `The secrets in use could not be stored: ${error.message}`),
  );
}

function withStoreUrls(env: NodeJS.ProcessEnv) {
  const read = readSettingFiles(env, ["MYSQL_URL", "POSTGRES_URL", "REDIS_URL", "CACHE_REDIS_URL"]);
  if (read.faults.length > 0) throw new ConfigError(read.faults);
  return read;
}

/** Writes to the log of this process; warnings and errors are also printed. */
function log(level: "info" | "warn" | "error" | "fatal", message: string): void {
  eventLog(logSettings)(level, message);
  if (level !== "info") console.error(message);
}

/** Logs a change of a store's state, and always prints it. */
function report(level: "info" | "error", line: string): void {
  log(level, line);
  if (level === "info") print(line);
}

function screen(url: string, { stores, secrets, firstStart }: Opened): string {
  const isSet = environment.ADMIN_PASSWORD || environment.ADMIN_PASSWORD_FILE;
  const kept = isSet ? "ADMIN_PASSWORD" : join(dataDir, "secrets.json");
  const isNew = firstStart && !isSet;
  const password = isNew ? `${secrets.ADMIN_PASSWORD}  (shown only once; stored in ${kept})` : `in ${kept}`;
  return `
Quintet is running at ${url}

  Docs      ${url}/docs
  Admin     ${environment.ADMIN_USERNAME ?? secrets.ADMIN_USERNAME}, password ${password}
  Data      ${stores.location}
  Log       ${logSettings.LOG_FILE}
  Stop      Ctrl-C
`;
}

function print(line: string): void {
  console.log(line);
}
