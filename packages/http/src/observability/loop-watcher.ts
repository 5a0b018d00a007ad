import { closeSync, openSync, writeSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { parentPort, workerData } from "node:worker_threads";
import { currentRequestName, type LoopWatchData, type LoopWatchMessage } from "./loop-watch-messages.ts";

/** The thread that `watchLoop` starts. It keeps running while the main thread is blocked. */
const { beats, blockMs, logFile, service } = workerData as LoopWatchData;
const lookMs = Math.min(100, blockMs / 4);

let last = Atomics.load(beats, 0);
let since = performance.now();
let looked = since;
let asked: Promise<LoopWatchMessage["by"]> | undefined;

setInterval(() => {
  const now = performance.now();
  // When this thread is late as well, the whole process was stopped or short of CPU time.
  const late = now - looked - lookMs;
  looked = now;
  if (late > lookMs) since += late;
  const beat = Atomics.load(beats, 0);
  if (beat === last) {
    if (now - since >= blockMs) asked ??= whoBlocks(now - since);
    return;
  }
  const ms = now - since;
  last = beat;
  since = now;
  const found = asked;
  asked = undefined;
  const tell = (by: LoopWatchMessage["by"]) =>
    parentPort?.postMessage({ kind: "block", ms, by } satisfies LoopWatchMessage);
  // The block is reported even when the request is unknown.
  found?.then(tell, () => tell(undefined));
}, lookMs);

/** Gets the stack and the request of the blocked thread through V8's interrupts, and logs them. */
async function whoBlocks(ms: number): Promise<LoopWatchMessage["by"]> {
  const session = new Session();
  try {
    session.connectToMainThread();
    const expression = `({ who: globalThis[Symbol.for("${currentRequestName}")]?.(), stack: new Error("blocked here").stack })`;
    const { result } = await session.post("Runtime.evaluate", { expression, returnByValue: true });
    const { who, stack } = (result.value ?? {}) as { who?: string; stack?: string };
    const by = who ? (JSON.parse(who) as NonNullable<LoopWatchMessage["by"]>) : undefined;
    writeLine(ms, by, stack ?? "");
    return by;
  } catch {
    return undefined;
  } finally {
    session.disconnect();
  }
}

function writeLine(ms: number, by: LoopWatchMessage["by"], stack: string): void {
  const line = {
    "log.level": "error",
    "@timestamp": new Date().toISOString(),
    "process.pid": process.pid,
    "ecs.version": "8.10.0",
    "service.name": service,
    event: { duration: Math.round(ms * 1e6) },
    // The first two lines are this evaluation itself.
    error: { type: "EventLoopBlocked", stack_trace: stack.split("\n").slice(2).join("\n") },
    ...(by ? { http: { request: { id: by.id } }, labels: { app: by.app, route: by.route } } : {}),
    message: `the event loop is blocked${by ? ` by ${by.app}` : ""}`,
  };
  const file = logFile ? openSync(logFile, "a", 0o600) : 1;
  try {
    writeSync(file, `${JSON.stringify(line)}\n`);
  } finally {
    if (logFile) closeSync(file);
  }
}
