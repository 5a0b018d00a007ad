import { resolve } from "node:path";
import { eventLog } from "./logs/event-log.ts";
import { logLimits, rotateLog } from "./logs/log-file.ts";
import { workerVariable } from "./messages.ts";
import { runWorker } from "./processes/worker.ts";
import { StartFailure } from "./processes/worker-process.ts";
import { Workers, workerCount } from "./processes/workers.ts";
import { type Start, serveInProcess } from "./program.ts";
import { StartRefused } from "./settings/config-error.ts";
import { withSettingsFile } from "./settings/settings-file.ts";
import { watchFiles } from "./settings/watch-files.ts";
import { onReloadSignals, stopSignals } from "./signals.ts";
import { lowFileLimitWarning } from "./sockets/open-files.ts";

/**
 * Runs a program as a parent and `WORKERS` workers (default 1; `auto`: one per core), or with `WORKERS=0` in this process alone. `load`
 * resolves to its `start` and is called only in the processes that serve, so that the parent stays small. `names` are the settings that a
 * settings file may set; default: all of Quintet's.
 * SIGTERM and SIGINT drain and stop, and so does SIGHUP when a terminal is closed. SIGUSR2, a change of `CONFIG_FILE` and any other SIGHUP
 * replace the workers with ones that use the current settings. A failed start prints why and exits with status 1.
 */
export async function runProgram(
  env: NodeJS.ProcessEnv,
  load: () => Promise<{ start: Start }>,
  names?: readonly string[],
): Promise<void> {
  // A closed reader of the log is no reason to stop serving.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => {});
  if (env[workerVariable] && process.send) return runWorker(load);
  const stop = new Promise<void>((done) => {
    // A second signal ends this process at once, and with it the workers.
    for (const signal of stopSignals()) process.once(signal, () => done());
  });
  try {
    const readSettings = () => withSettingsFile(env, names);
    const settings = readSettings();
    process.exit(
      workerCount(settings) > 0
        ? await runParent(env, readSettings, stop)
        : await runAlone(settings, (await load()).start, stop),
    );
  } catch (error) {
    const isExpected = error instanceof StartRefused || error instanceof StartFailure;
    console.error(isExpected ? error.message : error);
    process.exit(1);
  }
}

/** Serves in this process, which is never restarted, so that its settings cannot change. */
function runAlone(settings: NodeJS.ProcessEnv, start: Start, stop: Promise<void>): Promise<number> {
  const log = eventLog(settings);
  onReloadSignals(() => log("warn", "With WORKERS=0 settings are read at the start only; restart to change them."));
  const warning = lowFileLimitWarning();
  if (warning) log("warn", warning);
  const { LOG_FILE } = settings;
  if (LOG_FILE) setInterval(() => rotateLog(LOG_FILE, logLimits(settings)), 1000).unref();
  return serveInProcess(start, { env: settings, first: true, fresh: true }, { stop, ready() {}, fault() {} });
}

async function runParent(
  env: NodeJS.ProcessEnv,
  settings: () => NodeJS.ProcessEnv,
  stop: Promise<void>,
): Promise<number> {
  const workers = new Workers({ program: resolve(process.argv[1] ?? ""), settings, log: eventLog(settings()) });
  const replace = () => void workers.replace();
  onReloadSignals(replace);
  const stopped = stop.then(() => 0);
  const unwatch = env.CONFIG_FILE ? watchFiles([env.CONFIG_FILE], replace) : () => {};
  try {
    const early = await Promise.race([workers.start(), stopped]);
    return early ?? (await Promise.race([workers.failed, stopped]));
  } finally {
    unwatch();
    await workers.close();
  }
}
