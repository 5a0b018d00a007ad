import { setTimeout as delay } from "node:timers/promises";
import type { Engine, InstanceConfig } from "./engine.ts";
import { describeExit, ensureRunning, type Server } from "./instance.ts";
import { isAlive } from "./process-identity.ts";
import { mostRelevantLine } from "./server-log.ts";

/** A store to keep running, and its current server. */
export interface SupervisedStore {
  engine: Engine;
  instance: InstanceConfig;
  programs: Record<string, string>;
  server: Server;
}

/** Reports a store's state: `error` when it has exited or does not start, `info` when it is running again. */
export type Report = (level: "info" | "error", line: string) => void;

const POLL_INTERVAL_MS = 250;
const MAX_DELAY_MS = 60_000;
/** A server that has run for this long is restarted at once. */
const STABLE_AFTER_MS = 60_000;

/**
 * Restarts a store whenever its server exits, on the same port and data: at once, then with delays of 1, 2, 4 and up to
 * 60 s until one has run for a minute. When several processes use the store, one of them starts it and the others
 * find it. Ends when `signal` aborts.
 */
export async function supervise(store: SupervisedStore, report: Report, signal: AbortSignal): Promise<void> {
  try {
    await keepRunning(store, report, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function keepRunning(store: SupervisedStore, report: Report, signal: AbortSignal): Promise<never> {
  const { engine, instance } = store;
  const port = store.server.port;
  let failures = 0;
  for (;;) {
    const startedAt = performance.now();
    await waitUntilExited(store.server, signal);
    if (performance.now() - startedAt > STABLE_AFTER_MS) failures = 0;
    const exit = await describeExit(instance, store.server);
    report("error", `${engine.title} exited${exit && ` (${exit})`}; restarting it${formatDelay(failures)}`);
    for (;;) {
      await pause(delayAfter(failures++), signal);
      try {
        store.server = await ensureRunning(engine, instance, store.programs, { port, signal });
        break;
      } catch (error) {
        signal.throwIfAborted();
        report("error", `${summarize(error)}; retrying${formatDelay(failures)}`);
      }
    }
    report("info", `${engine.title} is running again`);
  }
}

async function waitUntilExited(server: Server, signal: AbortSignal): Promise<void> {
  // Polled, because a server that another process started is not a child of this one.
  while (isAlive(server)) await pause(POLL_INTERVAL_MS, signal);
}

function delayAfter(failures: number): number {
  return failures === 0 ? 0 : Math.min(1_000 * 2 ** (failures - 1), MAX_DELAY_MS);
}

function formatDelay(failures: number): string {
  return failures === 0 ? "" : ` in ${delayAfter(failures) / 1_000} s`;
}

/** Waits without keeping the process alive. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false });
}

/** A failed start in one line: the error, and the log line that best explains it. */
function summarize(error: unknown): string {
  const [first = "", ...log] = (error instanceof Error ? error.message : String(error)).split("\n");
  return log.length === 0 ? first : `${first} ${mostRelevantLine(log.join("\n"))}`;
}
