import { spawn } from "node:child_process";
import { closeSync, globSync, openSync, readFileSync } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Engine, Place } from "./engine.ts";
import { freePort } from "./free-port.ts";
import { makePrivateFolder, readJson, writePrivate } from "./private-file.ts";
import { identify, isAlive, type ProcessIdentity } from "./process-identity.ts";
import { lastLines, serverEnvironment } from "./run-program.ts";

/** What is known of a started server; kept beside its data so that the next start finds it again. */
type Running = ProcessIdentity & Pick<Engine, "stopSignal" | "killSignal"> & { port: number };

const START_LIMIT_MS = 120_000; // After a crash a server may have a long log to read first.
const STOP_LIMIT_MS = 60_000;
const LOG_LIMIT_BYTES = 10_000_000;

/**
 * The port of the server of that place: one that runs already, or a new one. The caller holds the location's lock.
 * Throws with the end of the server's log when it does not come up.
 */
export async function ensureRunning(engine: Engine, place: Place, programs: Record<string, string>): Promise<number> {
  const found = await running(place.dir);
  if (found) {
    await untilAnswering(engine, place, found, () => undefined, 0);
    return found.port;
  }
  await makePrivateFolder(place.dir, place.account.ids);
  if (!(await exists(join(place.dir, "data")))) await engine.initialise(place, programs);
  // Between finding a port free and the server taking it another program may come first: then try another port.
  for (let attemptsLeft = 2; ; attemptsLeft--) {
    try {
      return await start(engine, place, programs);
    } catch (error) {
      if (attemptsLeft === 0 || !(error instanceof Error) || !/address already in use/i.test(error.message))
        throw error;
    }
  }
}

/** Stops the server whose files lie in this folder, if one runs, and waits until it has ended. */
export async function stop(dir: string): Promise<void> {
  const found = await running(dir);
  if (!found) return;
  signal(found, found.stopSignal);
  if (!(await untilEnded(found, STOP_LIMIT_MS))) {
    signal(found, "SIGKILL");
    await untilEnded(found, STOP_LIMIT_MS);
  }
  await rm(join(dir, "running.json"), { force: true });
}

/** Ends every server whose files lie below a folder, at once and without waiting: its data is to be thrown away. */
export function killBelow(folder: string): void {
  for (const note of globSync("**/running.json", { cwd: folder })) {
    const known: Running = JSON.parse(readFileSync(join(folder, note), "utf8"));
    if (isAlive(known)) signal(known, known.killSignal);
  }
}

/** The server that was started for this folder and still runs, or null. */
export async function running(dir: string): Promise<Running | null> {
  const known = await readJson<Running>(join(dir, "running.json"));
  return known && isAlive(known) ? known : null;
}

async function start(engine: Engine, place: Place, programs: Record<string, string>): Promise<number> {
  const port = await freePort();
  const { program, args } = await engine.command(place, programs, port);
  const logFile = join(place.dir, "log");
  const logStart = await rotated(logFile);
  const log = openSync(logFile, "a", 0o600);
  // A session of its own keeps the terminal's Ctrl-C away: the server is stopped after the last request, not with it.
  const options = { cwd: place.dir, env: serverEnvironment(place), detached: true, ...place.account.ids };
  const child = spawn(program, args, { ...options, stdio: ["ignore", log, log] });
  closeSync(log);
  let ended: string | undefined;
  child.on("error", (error) => {
    ended = error.message;
  });
  child.on("exit", (code, signalName) => {
    ended ??= signalName ?? `exit code ${code}`;
  });
  child.unref();
  const identity = child.pid === undefined ? null : identify(child.pid);
  const { stopSignal, killSignal } = engine;
  const server: Running = { ...(identity ?? { pid: 0, started: "" }), port, stopSignal, killSignal };
  if (identity) await writePrivate(join(place.dir, "running.json"), JSON.stringify(server));
  await untilAnswering(engine, place, server, () => ended, logStart);
  return port;
}

async function untilAnswering(
  engine: Engine,
  place: Place,
  server: Running,
  ended: () => string | undefined,
  logStart: number,
): Promise<void> {
  const limit = Date.now() + START_LIMIT_MS;
  while (!(await engine.answers(server.port, place.password))) {
    const reason = ended() ?? (isAlive(server) ? undefined : "it ended");
    if (reason || Date.now() > limit) {
      const why = reason ?? `no answer within ${START_LIMIT_MS / 1000} s`;
      const log = join(place.dir, "log");
      throw new Error(`${engine.title} did not start: ${why}. The end of ${log}:\n${await endOf(log, logStart)}`);
    }
    await delay(20);
  }
  const reason = ended();
  if (reason) throw new Error(`${engine.title} did not start: address already in use (${reason})`);
}

async function untilEnded(identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  const limit = Date.now() + limitMs;
  while (isAlive(identity)) {
    if (Date.now() > limit) return false;
    await delay(10);
  }
  return true;
}

function signal(identity: ProcessIdentity, name: NodeJS.Signals): void {
  try {
    process.kill(identity.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Puts a log that has grown large aside; returns where the new lines will begin. */
async function rotated(logFile: string): Promise<number> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  if (size < LOG_LIMIT_BYTES) return size;
  await rename(logFile, `${logFile}.1`);
  return 0;
}

async function endOf(logFile: string, start: number): Promise<string> {
  const file = await open(logFile, "r");
  try {
    const { size } = await file.stat();
    const from = Math.max(start, size - 8_192);
    const { buffer } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    return lastLines(buffer.toString());
  } finally {
    await file.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
