/**
 * `npm start`: the stores, the gateway with every app in worker processes, one screen that says where everything is. This process
 * serves nothing: it holds the stores and the port, and starts a worker again that ends by itself.
 */
import { join, resolve } from "node:path";
import { readSettingFiles, withDefaults } from "../packages/http/src/settings/setting-files.ts";
import {
  claimDataDir,
  keepSecretsInUse,
  keptSecrets,
  openStores,
  type StoreName,
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
import { tellFailure } from "./failure.ts";
import { readGiven } from "./given.ts";
import { settingFaults } from "./settings.ts";
import { stopRequests } from "./stop-requests.ts";

const { env: given, dataDir } = readGiven();
let logSettings = logSettingsOf(given);
const stop = stopRequests(stopSignals());
/** Resolves to the exit code when an error came that nobody caught: the stores are stopped even then. */
const fault = new Promise<number>((resolve) => {
  process.on("uncaughtException", (error) => {
    console.error("Stopping after a fault:", error);
    resolve(1);
  });
});

process.stdout.on("error", () => {}); // A reader that has gone (npm start | head) is no reason to stop.
process.exit(await main(process.argv.slice(2)).catch((error) => tellFailure(error, stop.signal)));

async function main(args: string[]): Promise<number> {
  if (args.length === 0) return start();
  if (args.length > 1 || args[0] !== "--check") throw new Error("npm start takes one argument, -- --check, or none");
  const faults = await settingFaults(["gateway:8080", "--may-run"], process.env);
  for (const fault of faults) console.error(fault);
  if (faults.length === 0) say("The settings are good.");
  return faults.length === 0 ? 0 : 1;
}

async function start(): Promise<number> {
  const opened = open();
  await using releasing = new AsyncDisposableStack();
  releasing.defer(() =>
    opened.then(
      ({ stores }) => stores.close(),
      () => {}, // It is told where it is waited for.
    ),
  );
  const program = join(import.meta.dirname, "gateway.ts");
  const workers = new Workers({
    program,
    log: tell,
    settings: async () => settingsFor(await opened),
    serving: keepSecrets,
  });
  const starting = workers.start();
  starting.catch(() => {}); // Told of below, unless nobody waits for it any longer.
  const replace = () => void workers.replace();
  onReloadSignals(replace);
  const unwatch = given.CONFIG_FILE ? watchFiles([given.CONFIG_FILE], replace) : () => {};
  try {
    // The second Ctrl-C does not wait for anything but the stores.
    const early = await Promise.race([starting, stop.again, stop.first.then(() => opened), fault]);
    if (typeof early === "number") return early;
    if (stop.signal.aborted) return 0;
    say(screen(workers.url, await opened));
    const failure = await Promise.race([stop.first, fault, workers.failed]);
    if (failure) return failure;
    say("\nStopping: requests under way are finished first; Ctrl-C again to cut them");
    return 0;
  } finally {
    unwatch();
    await Promise.race([workers.close(), stop.again]);
    workers.kill();
  }
}

type Opened = Awaited<ReturnType<typeof open>>;

/** The stores, and the secrets that this data folder keeps, once the settings are known to be good. */
async function open() {
  const faults = await settingFaults(["gateway:8080", "--may-run"], process.env);
  if (faults.length > 0) throw new ConfigError(faults);
  const claim = await claimDataDir(dataDir);
  if ("heldBy" in claim) {
    throw new Error(`Quintet runs already on ${dataDir}, as process ${claim.heldBy}. Stop it there, or set DATA_DIR`);
  }
  const needs: StoreName[] = ["mysql", "postgres", "redis", "cache"];
  const { env } = withStoreUrls(withSettingsFile(given));
  const stores = await openStores({ dataDir, needs, env, progress: say, report, signal: stop.signal });
  const { firstStart, env: secrets } = await keptSecrets(dataDir);
  if (!stop.signal.aborted) say("Starting Quintet");
  return { stores, secrets, firstStart };
}

/** What the workers get: what was given, over what was made here. Read anew whenever they are replaced. */
function settingsFor({ stores, secrets }: Opened): NodeJS.ProcessEnv {
  const { env } = withStoreUrls(withSettingsFile(given));
  logSettings = logSettingsOf(env);
  const defaults = { DEMO_DATA: "true", PUBLIC_FIGURES: "true", BACKUP_DIR: join(dataDir, "backups") };
  return { ...withDefaults({ ...defaults, ...secrets }, env), ...stores.env, ...logSettings };
}

function logSettingsOf(env: NodeJS.ProcessEnv) {
  return { LOG_LEVEL: env.LOG_LEVEL, LOG_FILE: resolve(env.LOG_FILE || join(dataDir, "quintet.log")) };
}

/** Keeps the secrets that a worker serves with, so that none that was rotated out comes back. */
function keepSecrets(env: NodeJS.ProcessEnv): void {
  const used = readSettingFiles(env, ["QUINTET_SECRET", "AUTH_SIGNING_KEY"]).env;
  keepSecretsInUse(dataDir, used).then(
    (replaced) => {
      for (const name of replaced) tell("info", `${name} is kept in ${join(dataDir, "secrets.json")} as it was set`);
    },
    (error: Error) => tell("error", `The secrets in use could not be kept: ${error.message}`),
  );
}

function withStoreUrls(env: NodeJS.ProcessEnv) {
  const read = readSettingFiles(env, ["MYSQL_URL", "POSTGRES_URL", "REDIS_URL", "CACHE_REDIS_URL"]);
  if (read.faults.length > 0) throw new ConfigError(read.faults);
  return read;
}

/** The log of this process; what somebody must know of is on the screen as well. */
function tell(level: "info" | "warn" | "error" | "fatal", message: string): void {
  eventLog(logSettings)(level, message);
  if (level !== "info") console.error(message);
}

/** What became of a store is on the screen in any case. */
function report(level: "info" | "error", line: string): void {
  tell(level, line);
  if (level === "info") say(line);
}

function screen(url: string, { stores, secrets, firstStart }: Opened): string {
  const isGiven = given.ADMIN_PASSWORD || given.ADMIN_PASSWORD_FILE;
  const kept = isGiven ? "ADMIN_PASSWORD" : join(dataDir, "secrets.json");
  const isNew = firstStart && !isGiven;
  const password = isNew ? `${secrets.ADMIN_PASSWORD}  (shown this once; kept in ${kept})` : `in ${kept}`;
  return `
Quintet runs at ${url}

  Docs      ${url}/docs
  Admin     ${given.ADMIN_USERNAME ?? secrets.ADMIN_USERNAME}, password ${password}
  Data      ${stores.location}
  Log       ${logSettings.LOG_FILE}
  Stop      Ctrl-C
`;
}

function say(line: string): void {
  console.log(line);
}
