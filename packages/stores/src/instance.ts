import { spawn } from "node:child_process";
import { closeSync, globSync, openSync, readFileSync, statSync } from "node:fs";
import { rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Engine, Place } from "./engine.ts";
import { isLocked, lockFolder } from "./folder-lock.ts";
import { freePort, isFree } from "./free-port.ts";
import { makePrivateFolder } from "./private-file.ts";
import { identify, isAlive, type ProcessIdentity } from "./process-identity.ts";
import { lastLines, serverEnvironment } from "./run-program.ts";
import { endOfLog, rotateLog, telling } from "./server-log.ts";

/** What a server's process writes into `running.json` before it becomes the server. */
type Note = Pick<Engine, "stopSignal" | "killSignal"> & {
  pid: number;
  port: number;
  /** The data folder that it was started on: beside a copy of that folder lies a copy of this note. */
  folder: string;
};

/** A server that runs. */
export type Server = ProcessIdentity &
  Pick<Note, "port" | "stopSignal" | "killSignal"> & {
    /** Resolves to its exit code or signal when it ends, where this process has started it. */
    exited?: Promise<string>;
    /** Where in the log its lines begin. */
    logStart: number;
  };

const START_LIMIT_MS = 600_000; // After a crash a server may have a long log to read first.
const STOP_LIMIT_MS = 60_000;

// Whoever finds the data folder locked finds the note of the process that has it: nothing lies between the two.
const NOTE_AND_BECOME = `umask 077; printf '{"pid":%s,%s' "$$" "$1" >running.json.new && mv running.json.new running.json && shift && exec "$@"`;

/** Makes what a server's place lacks. The caller holds the location's lock. */
export async function prepare(engine: Engine, place: Place, programs: Record<string, string>): Promise<void> {
  await makePrivateFolder(place.dir, place.account.ids);
  const made = await stat(join(place.dir, "data")).catch(() => null);
  if (!made) await engine.initialise(place, programs);
}

/**
 * The server of a place that was prepared: one that runs already, or a new one. A server has its data folder locked, so
 * that several processes may ask at once. It gets `port`, or else the port that it had before, or any free one.
 * Throws with the end of the server's log when it does not come up; gives up when `signal` aborts.
 */
export async function ensureRunning(
  engine: Engine,
  place: Place,
  programs: Record<string, string>,
  { port, signal }: { port?: number; signal?: AbortSignal } = {},
): Promise<Server> {
  const data = join(place.dir, "data");
  const limit = performance.now() + START_LIMIT_MS;
  for (let attemptsLeft = 2; ; ) {
    signal?.throwIfAborted();
    const found = running(place.dir);
    if (found && (await untilAnswering(engine, place, found, signal))) return found;
    const lock = lockFolder(data);
    if (lock !== null) {
      try {
        return await start(engine, place, programs, lock, port ?? (await usualPort(place.dir)), signal);
      } catch (error) {
        // Between finding a port free and the server taking it another program may come first: then try another port.
        const taken = error instanceof Error && /address already in use/i.test(error.message);
        if (!taken || port !== undefined || attemptsLeft-- === 0) throw error;
      }
    } else if (performance.now() > limit) {
      throw new Error(`${engine.title} did not start: what is left of an earlier one still uses ${data}`);
    } else {
      await delay(50); // Another process starts it, or a part of a killed one has yet to end.
    }
  }
}

/** Stops the server whose files lie in this folder, if one runs, and waits until it and all it has started have ended. */
export async function stop(dir: string): Promise<void> {
  const found = running(dir);
  if (found) kill(found.pid, found.stopSignal);
  if (!(await untilFree(dir, found))) {
    if (found) kill(found.pid, "SIGKILL");
    await untilFree(dir, found);
  }
  await rm(join(dir, "running.json"), { force: true });
}

/** Ends every server whose files lie below a folder, at once and without waiting: its data is to be thrown away. */
export function killBelow(folder: string): void {
  for (const file of globSync("**/running.json", { cwd: folder })) {
    const found = running(dirname(join(folder, file)));
    if (found) kill(found.pid, found.killSignal);
  }
}

/** The server that runs on the data in this very folder, or null. */
export function running(dir: string): Server | null {
  if (!isLocked(join(dir, "data"))) return null;
  const note = readNote(dir);
  const identity = note && identify(note.pid);
  return identity ? { ...note, ...identity, logStart: 0 } : null;
}

async function start(
  engine: Engine,
  place: Place,
  programs: Record<string, string>,
  lock: number,
  port: number,
  signal: AbortSignal | undefined,
): Promise<Server> {
  try {
    const { program, args } = await engine.command(place, programs, port);
    const logFile = join(place.dir, "log");
    const logStart = await rotateLog(logFile);
    await rm(join(place.dir, "running.json"), { force: true });
    const log = openSync(logFile, "a", 0o600);
    const { stopSignal, killSignal } = engine;
    const known = { port, stopSignal, killSignal };
    const note = JSON.stringify({ ...known, folder: folderId(place.dir) } satisfies Omit<Note, "pid">).slice(1);
    // A session of its own keeps the terminal's Ctrl-C away: the server is stopped after the last request, not with it.
    const child = spawn("/bin/sh", ["-c", NOTE_AND_BECOME, "sh", note, program, ...args], {
      cwd: place.dir,
      env: serverEnvironment(place),
      detached: true,
      ...place.account.ids,
      stdio: ["ignore", log, log, lock],
    });
    closeSync(log);
    const exited = new Promise<string>((resolve) => {
      child.on("error", (error) => resolve(error.message));
      child.on("exit", (code, signalName) => resolve(signalName ?? `exit code ${code}`));
    });
    child.unref();
    const identity = (child.pid && identify(child.pid)) || { pid: 0, started: "" };
    const server: Server = { ...identity, ...known, exited, logStart };
    if (await untilAnswering(engine, place, server, signal)) return server;
    const end = await endOfLog(logFile, logStart).catch(String);
    const why = (await isFull(place.dir)) ? "no space is left on its disk" : await exited;
    throw new Error(`${engine.title} did not start: ${why}. The end of ${logFile}:\n${lastLines(end)}`);
  } finally {
    closeSync(lock); // The server has it.
  }
}

/** Waits until a server answers; false when it has ended instead. */
async function untilAnswering(
  engine: Engine,
  place: Place,
  server: Server,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const limit = performance.now() + START_LIMIT_MS;
  let pauseMs = 20;
  while (!(await engine.answers(server.port, place.password))) {
    if (!isAlive(server)) return false;
    signal?.throwIfAborted();
    if (performance.now() > limit) {
      const log = join(place.dir, "log");
      const lines = lastLines(await endOfLog(log, server.logStart));
      throw new Error(
        `${engine.title} gives no answer within ${START_LIMIT_MS / 1000} s. The end of ${log}:\n${lines}`,
      );
    }
    await delay(pauseMs);
    pauseMs = Math.min(pauseMs * 1.1, 500); // Postgres logs each question that it cannot answer yet.
  }
  return isAlive(server); // Else another program has answered on its port.
}

/** How a server that has ended did so, in a few words. */
export async function howItEnded(place: Place, server: Server): Promise<string> {
  const exit = await server.exited;
  if (exit === "SIGKILL") return exit; // Its log knows nothing of that.
  // Nor of a full disk, which it lies on itself.
  if (await isFull(place.dir)) return [exit, "no space is left on its disk"].filter(Boolean).join(", ");
  const lastWords = telling(await endOfLog(join(place.dir, "log"), server.logStart).catch(() => ""));
  return [exit, lastWords && `its log says "${lastWords}"`].filter(Boolean).join(", ");
}

/** Whether there is less room left on a folder's disk than any server needs. */
async function isFull(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize < 1_000_000;
}

async function usualPort(dir: string): Promise<number> {
  const note = readNote(dir);
  return note && note.folder === folderId(dir) && (await isFree(note.port)) ? note.port : freePort();
}

function folderId(dir: string): string {
  const { dev, ino } = statSync(join(dir, "data"), { bigint: true });
  return `${dev}:${ino}`;
}

/** What the last server of a folder has noted of itself; null also when a crash of the machine has damaged it. */
function readNote(dir: string): Note | null {
  try {
    return JSON.parse(readFileSync(join(dir, "running.json"), "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function untilFree(dir: string, server: Server | null): Promise<boolean> {
  const limit = performance.now() + STOP_LIMIT_MS;
  // Reading the process table costs less than trying the lock.
  while ((server && isAlive(server)) || isLocked(join(dir, "data"))) {
    if (performance.now() > limit) return false;
    await delay(10);
  }
  return true;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
