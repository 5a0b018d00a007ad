import { randomUUID } from "node:crypto";
import { type Sweeping, sweeping } from "@quintet/db";
import type { RunCommand } from "./commands/load.ts";
import { leaderKey } from "./keys.ts";

const intervalMs = 1000;
/** A leader that was killed is replaced after this time at the latest, plus one interval. */
const leaseMs = 3000;

/** Work that one process at a time does. */
export interface LeaderJob {
  /** One round of it, once a second; `now` is the time of the Redis clock, in ms since 1970. Must end within about a second. */
  round(now: number): Promise<void>;
  /** This process leads no more: ends what goes on between rounds. */
  resign(): Promise<void> | void;
}

/**
 * One of the processes leads, and runs a round of each job once a second; the others ask once a second whether they may. A leader that
 * was suspended may run at the same time as its successor, until it notices: jobs must allow for that.
 */
export function createLeader(run: RunCommand, jobs: LeaderJob[], onError: (error: unknown) => void): Sweeping {
  const id = randomUUID();
  let leading = false;
  let leadsUntil = 0;

  const lead = async (ms: number) => (await run("lead-1", [leaderKey], [id, ms])) as [leads: number, now: number];

  const resign = async () => {
    if (!leading) return;
    leading = false;
    for (const job of jobs) await job.resign();
  };

  const tick = async () => {
    const startedAt = performance.now();
    let reply: [number, number];
    try {
      reply = await lead(leaseMs);
    } catch (error) {
      // It leads until its lock has ended.
      if (performance.now() > leadsUntil) await resign();
      throw error;
    }
    if (reply[0] === 0) return resign();
    leading = true;
    leadsUntil = startedAt + leaseMs;
    const rounds = await Promise.allSettled(jobs.map((job) => job.round(reply[1])));
    for (const round of rounds) if (round.status === "rejected") onError(round.reason);
  };

  const ticking = sweeping(tick, { everyMs: intervalMs, onError });
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    await ticking[Symbol.asyncDispose]();
    if (!leading) return;
    await resign();
    await lead(0).catch(() => {}); // Otherwise the lock ends by itself.
  };
  return {
    start: ticking.start,
    [Symbol.asyncDispose]() {
      stopping ??= stop();
      return stopping;
    },
  };
}
