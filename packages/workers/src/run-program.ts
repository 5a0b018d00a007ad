import { resolve } from "node:path";
import { StartRefused } from "./config-error.ts";
import { eventLog } from "./event-log.ts";
import { logLimits, putAside } from "./log-file.ts";
import { workerMark } from "./messages.ts";
import { lowFileLimit } from "./open-files.ts";
import { type Start, serveHere } from "./program.ts";
import { withSettingsFile } from "./settings-file.ts";
import { onReloadSignals, stopSignals } from "./signals.ts";
import { watchFiles } from "./watch-files.ts";
import { work } from "./worker.ts";
import { StartFailure } from "./worker-process.ts";
import { Workers, workersOf } from "./workers.ts";

/**
 * Runs a program as a parent and `WORKERS` workers (1 unless set, `auto`: as many as there are cores), or with `WORKERS=0` in this
 * process alone. `load` gives its `start` and is called in the processes that serve; the parent stays small.
 * A settings file may set `names`, all of Quintet's settings unless told.
 * SIGTERM and SIGINT drain, and so does SIGHUP on a terminal, which is closed then. SIGUSR2, a change of `CONFIG_FILE` and any other SIGHUP
 * replace the workers by such with the settings of then. A start that fails ends with status 1 and says why, in one line when the settings
 * are at fault.
 */
export async function runProgram(
  env: NodeJS.ProcessEnv,
  load: () => Promise<{ start: Start }>,
  names?: readonly string[],
): Promise<void> {
  // A reader of the log that has gone is no reason to stop serving.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => {});
  if (env[workerMark] && process.send) return work(load);
  const stop = new Promise<void>((done) => {
    // The second one ends this process, and so the workers, at once.
    for (const signal of stopSignals()) process.once(signal, () => done());
  });
  try {
    const readSettings = () => withSettingsFile(env, names);
    const settings = readSettings();
    process.exit(
      workersOf(settings) > 0
        ? await parent(env, readSettings, stop)
        : await alone(settings, (await load()).start, stop),
    );
  } catch (error) {
    const isExpected = error instanceof StartRefused || error instanceof StartFailure;
    console.error(isExpected ? error.message : error);
    process.exit(1);
  }
}

/** Serves in this process, which nobody starts again: what it was started with stays. */
function alone(settings: NodeJS.ProcessEnv, start: Start, stop: Promise<void>): Promise<number> {
  const log = eventLog(settings);
  onReloadSignals(() =>
    log("warn", "With WORKERS=0 settings are read at the start only; start it again to change them."),
  );
  const low = lowFileLimit();
  if (low) log("warn", low);
  const { LOG_FILE } = settings;
  if (LOG_FILE) setInterval(() => putAside(LOG_FILE, logLimits(settings)), 1000).unref();
  return serveHere(start, { env: settings, first: true, fresh: true }, { stop, ready() {}, fault() {} });
}

async function parent(env: NodeJS.ProcessEnv, settings: () => NodeJS.ProcessEnv, stop: Promise<void>): Promise<number> {
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
