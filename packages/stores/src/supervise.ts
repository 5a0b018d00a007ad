import { setTimeout as delay } from "node:timers/promises";
import type { Engine, Place } from "./engine.ts";
import { ensureRunning, howItEnded, type Server } from "./instance.ts";
import { isAlive } from "./process-identity.ts";
import { telling } from "./server-log.ts";

/** A store that is to run, and its server of the moment. */
export interface Supervised {
  engine: Engine;
  place: Place;
  programs: Record<string, string>;
  server: Server;
}

/** What somebody should know of: `error` when a store has ended or does not start, `info` when it runs again. */
export type Report = (level: "info" | "error", line: string) => void;

const LOOK_EVERY_MS = 250;
const LONGEST_PAUSE_MS = 60_000;
/** A server that ran for so long is started again at once. */
const STEADY_MS = 60_000;

/**
 * Starts a store again whenever its server ends, on the same port and data: at once, then with pauses of 1, 2, 4 and up
 * to 60 s until one has run for a minute. When several processes use the store, the first one starts it and the others
 * find it. Ends when `signal` aborts.
 */
export async function supervise(store: Supervised, report: Report, signal: AbortSignal): Promise<void> {
  try {
    await keepRunning(store, report, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function keepRunning(store: Supervised, report: Report, signal: AbortSignal): Promise<never> {
  const { engine, place } = store;
  const port = store.server.port;
  let failures = 0;
  for (;;) {
    const startedAt = performance.now();
    await untilEnded(store.server, signal);
    if (performance.now() - startedAt > STEADY_MS) failures = 0;
    const how = await howItEnded(place, store.server);
    report("error", `${engine.title} ended${how && ` (${how})`}; starting it again${after(failures)}`);
    for (;;) {
      await pause(pauseAfter(failures++), signal);
      try {
        store.server = await ensureRunning(engine, place, store.programs, { port, signal });
        break;
      } catch (error) {
        signal.throwIfAborted();
        report("error", `${inOneLine(error)}; trying again${after(failures)}`);
      }
    }
    report("info", `${engine.title} runs again`);
  }
}

async function untilEnded(server: Server, signal: AbortSignal): Promise<void> {
  // Polled: a server that an earlier process started is no child of this one.
  while (isAlive(server)) await pause(LOOK_EVERY_MS, signal);
}

function pauseAfter(failures: number): number {
  return failures === 0 ? 0 : Math.min(1_000 * 2 ** (failures - 1), LONGEST_PAUSE_MS);
}

function after(failures: number): string {
  return failures === 0 ? "" : ` in ${pauseAfter(failures) / 1_000} s`;
}

/** Waits without keeping the process alive. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false });
}

/** A failed start in one line: what it was, and the line of the server's log that says most of it. */
function inOneLine(error: unknown): string {
  const [first = "", ...log] = (error instanceof Error ? error.message : String(error)).split("\n");
  return log.length === 0 ? first : `${first} ${telling(log.join("\n"))}`;
}
