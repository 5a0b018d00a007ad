import { setTimeout as delay } from "node:timers/promises";
import { type JointRequest, jointRequest, type Logger } from "@quintet/http";
import type { CacheStore } from "./cache-store.ts";
import type { Answer, CachedEntry, Computed } from "./cached-entry.ts";
import type { History, Moment } from "./history.ts";
import { createRecentEntries } from "./recent-entries.ts";

/** Where a response came from: the cache; a computation; the cache, while it is computed anew behind it. */
export type CacheState = "HIT" | "MISS" | "STALE";

/** Responses that are kept until a write touches them: see docs/decisions/directory-cache.md. */
export interface ResultCache {
  /** The response kept under `key`, or what `compute` gives, which runs once however many ask. */
  read(key: string, compute: () => Promise<Computed>): Promise<{ answer: Answer; state: CacheState }>;
}

/** A computation, and the requests on behalf of which it is done. */
interface Running {
  since: Moment;
  joint: JointRequest;
  entry: Promise<CachedEntry>;
}

export function createResultCache(
  store: CacheStore,
  history: History,
  log: Logger,
  { freshMs = 30_000, keptMs = 180_000, claimMs = 3000, pollMs = 20, entries = 500 } = {},
): ResultCache {
  const recent = createRecentEntries(entries);
  const running = new Map<string, Running>();
  const age = (entry: CachedEntry) => Date.now() - entry.computedAt;

  /** The entry that was computed last, if it holds and was computed after `after`. */
  async function find(key: string, moment: Moment, after = 0): Promise<CachedEntry | undefined> {
    const isGood = (entry: CachedEntry | undefined) =>
      entry !== undefined && entry.computedAt >= after && age(entry) < keptMs && history.holds(entry, moment);
    const known = recent.get(key);
    if (isGood(known) && age(known as CachedEntry) < freshMs) return known;
    const shared = await store.read(key);
    if (!isGood(shared)) return isGood(known) ? known : undefined;
    recent.set(key, shared as CachedEntry);
    return shared;
  }

  /** Computes for all processes, or waits for the one that does. Who wants an entry anew says when it must have been computed. */
  async function fill(
    key: string,
    moment: Moment,
    compute: () => Promise<Computed>,
    after: number,
  ): Promise<CachedEntry> {
    const end = performance.now() + claimMs;
    let claimed = await store.claim(key, claimMs);
    while (!claimed && performance.now() < end) {
      await delay(pollMs);
      const entry = await find(key, moment, after);
      if (entry) return entry;
      claimed = await store.claim(key, claimMs);
    }
    try {
      const { snapshot, server } = moment;
      const computedAt = Date.now();
      const computed = await compute();
      const { snapshot: until } = await history.now();
      const entry = { snapshot, until, server, computedAt, ...computed };
      recent.set(key, entry);
      await store.write(key, entry, keptMs);
      return entry;
    } finally {
      if (claimed) await store.release(key);
    }
  }

  /** The computation under a key that is going on and comes to something. */
  function runningAt(key: string): Running | undefined {
    const one = running.get(key);
    return one?.joint.gone ? undefined : one;
  }

  /** Starts one on behalf of the current request, and of those that join it. */
  function start(key: string, since: Moment, compute: () => Promise<Computed>, after = 0): Running {
    const joint = jointRequest();
    joint.join();
    const started = { since, joint, entry: joint.run(() => fill(key, since, compute, after)) };
    running.set(key, started);
    const over = () => {
      if (running.get(key) === started) running.delete(key);
    };
    started.entry.then(over, over);
    return started;
  }

  function join(one: Running): Promise<CachedEntry> {
    one.joint.join();
    return one.entry;
  }

  return {
    async read(key, compute) {
      const moment = await history.now();
      const entry = await find(key, moment);
      if (entry && age(entry) < freshMs) return { answer: entry.answer, state: "HIT" };
      if (entry) {
        const { entry: renewed } = runningAt(key) ?? start(key, moment, compute, entry.computedAt + freshMs);
        renewed.catch((error) => log.warn({ err: error }, "a stale response could not be computed anew"));
        return { answer: entry.answer, state: "STALE" };
      }
      const earlier = runningAt(key);
      if (earlier && earlier.since.position < moment.position) {
        // It began before the last write: it will do if that did not touch it.
        const joined = await join(earlier).catch(() => undefined);
        if (joined && history.holds(joined, moment)) return { answer: joined.answer, state: "MISS" };
      }
      const present = runningAt(key);
      const isLateEnough = present !== undefined && present.since.position >= moment.position;
      const { answer } = await (isLateEnough ? join(present) : start(key, moment, compute).entry);
      return { answer, state: "MISS" };
    },
  };
}
