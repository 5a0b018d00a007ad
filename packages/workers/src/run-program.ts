import { resolve } from "node:path";
import { eventLog } from "./event-log.ts";
import { workerMark } from "./messages.ts";
import { type Start, serveHere } from "./program.ts";
import { withSettingsFile } from "./settings-file.ts";
import { watchFiles } from "./watch-files.ts";
import { work } from "./worker.ts";
import { StartFailure } from "./worker-process.ts";
import { Workers, workersOf } from "./workers.ts";

/**
 * Runs a program as a parent and `WORKERS` workers (1 unless set, `auto`: as many as there are cores), or with `WORKERS=0` in this
 * process alone. `load` gives its `start` and is called in the processes that serve; the parent stays small.
 * A settings file may set `names`, all of Quintet's settings unless told.
 * SIGTERM and SIGINT drain. SIGHUP, SIGUSR2 and a change of `CONFIG_FILE` replace the workers by such with the settings of then.
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
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => done());
  });
  try {
    const readSettings = () => withSettingsFile(env, names);
    const settings = readSettings();
    if (workersOf(settings) > 0) {
      process.exitCode = await parent(env, readSettings, stop);
    } else {
      const { start } = await load();
      const on = { stop, ready() {}, fault() {} };
      process.exit(await serveHere(start, { env: settings, first: true }, on));
    }
  } catch (error) {
    if (!(error instanceof Error) || !(error.name === "ConfigError" || error instanceof StartFailure)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

async function parent(env: NodeJS.ProcessEnv, settings: () => NodeJS.ProcessEnv, stop: Promise<void>): Promise<number> {
  const workers = new Workers({ program: resolve(process.argv[1] ?? ""), settings, log: eventLog(settings()) });
  const replace = () => void workers.replace();
  // A terminal that is closed says the same signal as somebody who wants the settings to be read again.
  if (!process.stdin.isTTY) process.on("SIGHUP", replace);
  process.on("SIGUSR2", replace);
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
