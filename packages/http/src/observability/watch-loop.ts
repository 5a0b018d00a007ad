import { Worker } from "node:worker_threads";
import { currentRequest } from "./current-request.ts";
import type { Logger } from "./logger.ts";
import { currentRequestName, type LoopWatchData, type LoopWatchMessage } from "./loop-watch-messages.ts";
import { observation } from "./observation.ts";
import { noteBlock } from "./process-checks.ts";

const beatMs = 100;

/**
 * Watches the event loop of this thread from another one. When it has been blocked for `LOOP_BLOCK_MS`, the watcher reads its stack and
 * its current request, which works even in an endless loop, and logs both at once. It costs this loop ten increments a second. Returns
 * a function that stops it.
 */
export function watchLoop(log: Logger): () => void {
  const { loop } = observation();
  if (loop === undefined || loop.blockMs === 0) return () => {};
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const service = String(log.bindings()["service.name"] ?? "quintet");
  const workerData: LoopWatchData = { beats, service, ...loop };
  Object.assign(globalThis, { [Symbol.for(currentRequestName)]: tellWho });
  const worker = new Worker(new URL("./loop-watcher.ts", import.meta.url), { workerData, execArgv: [] });
  worker.unref();
  worker.on("message", ({ kind, ms, by }: Partial<LoopWatchMessage>) => {
    if (kind !== "block" || ms === undefined) return;
    noteBlock({ ms, app: by?.app, endedAt: performance.now() });
    log.warn(
      { event: { duration: Math.round(ms * 1e6) }, ...(by ? { labels: by } : {}) },
      `the event loop was blocked for ${Math.round(ms)} ms${by ? ` by ${by.app}` : ""}`,
    );
  });
  worker.on("error", (error) => log.error({ err: error }, "the event loop watcher failed"));
  const beating = setInterval(() => Atomics.add(beats, 0, 1), beatMs);
  beating.unref();
  return () => {
    clearInterval(beating);
    worker.terminate().catch(() => {}); // It ends with the process at the latest.
  };
}

function tellWho(): string {
  const request = currentRequest();
  return request ? JSON.stringify({ app: request.app, route: request.route, id: request.id }) : "";
}
