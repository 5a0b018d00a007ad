import { spawn } from "node:child_process";
import { closeSync, globSync, openSync, readFileSync, statSync } from "node:fs";
import { rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Engine, InstanceConfig } from "./engine.ts";
import { isLocked, lockFolder } from "./folder-lock.ts";
import { freePort, isFree } from "./free-port.ts";
import { createPrivateFolder } from "./private-file.ts";
import { identify, isAlive, type ProcessIdentity } from "./process-identity.ts";
import { lastLines, serverEnvironment } from "./run-program.ts";
import { mostRelevantLine, readLogTail, rotateLog } from "./server-log.ts";

/** `running.json`, which the server's process writes before it executes the server program. */
type RunningFile = Pick<Engine, "stopSignal" | "killSignal"> & {
  pid: number;
  port: number;
  /** Device and inode of the data folder that it was started on: a copied folder comes with a copy of this file. */
  folder: string;
};

/** A running server. */
export type Server = ProcessIdentity &
  Pick<RunningFile, "port" | "stopSignal" | "killSignal"> & {
    /** Resolves to its exit code or signal; only when this process started it. */
    exited?: Promise<string>;
    /** Offset of its first line in the log, in bytes. */
    logStart: number;
  };

const START_TIMEOUT_MS = 600_000; // After a crash a server may have a long log to replay first.
const STOP_TIMEOUT_MS = 60_000;

// The process that holds the lock writes the file first: a locked data folder soon has the file of its holder.
const RECORD_AND_EXEC = `umask 077; printf '{"pid":%s,%s' "$$" "$1" >running.json.new && mv running.json.new running.json && shift && exec "$@"`;

/** Creates the instance's folder and data if they are missing. The caller holds the location's lock. */
export async function prepare(
  engine: Engine,
  instance: InstanceConfig,
  programs: Record<string, string>,
): Promise<void> {
  await createPrivateFolder(instance.dir, instance.user.ids);
  const existing = await stat(join(instance.dir, "data")).catch(() => null);
  if (!existing) await engine.initialise(instance, programs);
}

/**
 * The server of a prepared instance: the one that is running, or a new one. A server locks its data folder, so several
 * processes may call this at the same time. It listens on `port`, or else on its previous port, or on any free one.
 * Throws with the end of the server's log when it does not start, and when `signal` aborts.
 */
export async function ensureRunning(
  engine: Engine,
  instance: InstanceConfig,
  programs: Record<string, string>,
  { port, signal }: { port?: number; signal?: AbortSignal } = {},
): Promise<Server> {
  const data = join(instance.dir, "data");
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (let attemptsLeft = 2; ; ) {
    signal?.throwIfAborted();
    const found = findRunning(instance.dir);
    if (found && (await waitUntilReady(engine, instance, found, signal))) return found;
    const lock = lockFolder(data);
    if (lock !== null) {
      try {
        return await start(engine, instance, programs, lock, port ?? (await previousPort(instance.dir)), signal);
      } catch (error) {
        // Another program may take the port before the server does: then try another port.
        const portInUse = error instanceof Error && /address already in use/i.test(error.message);
        if (!portInUse || port !== undefined || attemptsLeft-- === 0) throw error;
      }
    } else if (performance.now() > deadline) {
      throw new Error(`${engine.title} did not start: a process of an earlier server still uses ${data}`);
    } else {
      await delay(50); // Another process is starting it, or a child of a killed server has not exited yet.
    }
  }
}

/** Stops the server of this folder, if one is running, and waits until it and its child processes have exited. */
export async function stop(dir: string): Promise<void> {
  const found = findRunning(dir);
  if (found) kill(found.pid, found.stopSignal);
  if (!(await waitUntilStopped(dir, found))) {
    if (found) kill(found.pid, "SIGKILL");
    await waitUntilStopped(dir, found);
  }
  await rm(join(dir, "running.json"), { force: true });
}

/** Kills every server whose files are below a folder, without waiting: its data is about to be deleted. */
export function killBelow(folder: string): void {
  for (const file of globSync("**/running.json", { cwd: folder })) {
    const found = findRunning(dirname(join(folder, file)));
    if (found) kill(found.pid, found.killSignal);
  }
}

/** The server that is running on the data in this folder, or null. */
export function findRunning(dir: string): Server | null {
  if (!isLocked(join(dir, "data"))) return null;
  const file = readRunningFile(dir);
  const identity = file && identify(file.pid);
  return identity ? { ...file, ...identity, logStart: 0 } : null;
}

async function start(
  engine: Engine,
  instance: InstanceConfig,
  programs: Record<string, string>,
  lock: number,
  port: number,
  signal: AbortSignal | undefined,
): Promise<Server> {
  try {
    const { program, args } = await engine.command(instance, programs, port);
    const logFile = join(instance.dir, "log");
    const logStart = await rotateLog(logFile);
    await rm(join(instance.dir, "running.json"), { force: true });
    const log = openSync(logFile, "a", 0o600);
    const { stopSignal, killSignal } = engine;
    const known = { port, stopSignal, killSignal };
    const content = JSON.stringify({ ...known, folder: folderId(instance.dir) } satisfies Omit<
      RunningFile,
      "pid"
    >).slice(1);
    // Its own session, so that the terminal's Ctrl-C does not reach it: it is stopped after the last request.
    const child = spawn("/bin/sh", ["-c", RECORD_AND_EXEC, "sh", content, program, ...args], {
      cwd: instance.dir,
      env: serverEnvironment(instance),
      detached: true,
      ...instance.user.ids,
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
    if (await waitUntilReady(engine, instance, server, signal)) return server;
    const end = await readLogTail(logFile, logStart).catch(String);
    const reason = (await isFull(instance.dir)) ? "no space is left on its disk" : await exited;
    throw new Error(`${engine.title} did not start: ${reason}. The end of ${logFile}:\n${lastLines(end)}`);
  } finally {
    closeSync(lock); // The server keeps its own copy.
  }
}

/** Waits until a server accepts requests; false when it has exited instead. */
async function waitUntilReady(
  engine: Engine,
  instance: InstanceConfig,
  server: Server,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  let delayMs = 20;
  while (!(await engine.isReady(server.port, instance.password))) {
    if (!isAlive(server)) return false;
    signal?.throwIfAborted();
    if (performance.now() > deadline) {
      const log = join(instance.dir, "log");
      const lines = lastLines(await readLogTail(log, server.logStart));
      throw new Error(
        `${engine.title} did not respond within ${START_TIMEOUT_MS / 1000} s. The end of ${log}:\n${lines}`,
      );
    }
    await delay(delayMs);
    delayMs = Math.min(delayMs * 1.1, 500); // Postgres logs each attempt that it rejects.
  }
  return isAlive(server); // Otherwise another program responded on its port.
}

/** How a server exited, in a few words. */
export async function describeExit(instance: InstanceConfig, server: Server): Promise<string> {
  const exit = await server.exited;
  if (exit === "SIGKILL") return exit; // Not in its log.
  // Nor is a full disk, because the log is on it.
  if (await isFull(instance.dir)) return [exit, "no space is left on its disk"].filter(Boolean).join(", ");
  const logLine = mostRelevantLine(await readLogTail(join(instance.dir, "log"), server.logStart).catch(() => ""));
  return [exit, logLine && `its log says "${logLine}"`].filter(Boolean).join(", ");
}

/** Whether a folder's disk has less free space than any server needs. */
async function isFull(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize < 1_000_000;
}

async function previousPort(dir: string): Promise<number> {
  const last = readRunningFile(dir);
  return last && last.folder === folderId(dir) && (await isFree(last.port)) ? last.port : freePort();
}

function folderId(dir: string): string {
  const { dev, ino } = statSync(join(dir, "data"), { bigint: true });
  return `${dev}:${ino}`;
}

/** The file that the folder's last server wrote; null also when a crash of the machine has damaged it. */
function readRunningFile(dir: string): RunningFile | null {
  try {
    return JSON.parse(readFileSync(join(dir, "running.json"), "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function waitUntilStopped(dir: string, server: Server | null): Promise<boolean> {
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  // Reading the process table costs less than trying the lock, so it comes first.
  while ((server && isAlive(server)) || isLocked(join(dir, "data"))) {
    if (performance.now() > deadline) return false;
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
