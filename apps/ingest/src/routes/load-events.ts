import { setTimeout as pause } from "node:timers/promises";
import { eventStream, type ServiceEnv } from "@quintet/http";
import type { Context } from "hono";
import type { LoadContext } from "../loads/load-context.ts";
import { findLoadById } from "../loads/load-queries.ts";

const pollMs = 500;
const keepAliveMs = 15_000;

/**
 * The events of a load that may run in another process: `progress` whenever it has changed, `load` once it is not running. Reads its
 * row, which the transaction of every batch updates.
 */
export function loadEvents<E extends ServiceEnv>(c: Context<E>, context: LoadContext, id: number): Response {
  const gone = new AbortController();
  return eventStream(c, async (stream) => {
    stream.onAbort(() => gone.abort());
    let sent = "";
    let sentAt = performance.now();
    while (!gone.signal.aborted) {
      const kept = await findLoadById(context.db, id, context.heartbeatTimeoutMs);
      if (!kept) return;
      const data = JSON.stringify(kept.load);
      if (kept.load.status !== "running") return stream.writeSSE({ event: "load", data });
      if (data !== sent) {
        await stream.writeSSE({ event: "progress", data });
        sent = data;
        sentAt = performance.now();
      } else if (performance.now() - sentAt > keepAliveMs) {
        await stream.write(": still loading\n\n");
        sentAt = performance.now();
      }
      await pause(pollMs, undefined, { signal: gone.signal }).catch(() => {});
    }
  });
}
