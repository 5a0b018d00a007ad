import { setTimeout as delay } from "node:timers/promises";
import { type JointRequest, jointRequest, type Logger } from "@quintet/http";
import type { CacheStore } from "./cache-store.ts";
import type { Answer, CachedEntry, Computed } from "./cached-entry.ts";
import type { History, Moment } from "./history.ts";
import { createRecentEntries, type RecentEntry } from "./recent-entries.ts";

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
  // Whatever the clocks of two machines say, and of one that was set back, nothing is younger than this process has had it.
  const age = ({ entry, takenAt }: RecentEntry) => Math.max(Date.now() - entry.computedAt, performance.now() - takenAt);

  /** An entry can be sent if it holds, is not too old, and is not the `outdated` one. */
  const isGood = (found: RecentEntry, moment: Moment, outdated?: CachedEntry) =>
    found.entry.computedAt !== outdated?.computedAt && age(found) < keptMs && history.holds(found.entry, moment);

  /** The entry that this process used last under a key, if it is good. */
  function ownEntry(key: string, moment: Moment, outdated?: CachedEntry): RecentEntry | undefined {
    const own = recent.get(key);
    return own && isGood(own, moment, outdated) ? own : undefined;
  }

  /** The newer one of the `shared` entry and of this process's own, if it is good. */
  function newest(key: string, moment: Moment, shared?: CachedEntry, outdated?: CachedEntry): RecentEntry | undefined {
    // An entry that this process has already does not become younger by being read again.
    if (!shared || shared.computedAt === recent.get(key)?.entry.computedAt) return ownEntry(key, moment, outdated);
    const isSharedGood = isGood({ entry: shared, takenAt: performance.now() }, moment, outdated);
    return isSharedGood ? recent.set(key, shared) : ownEntry(key, moment, outdated);
  }

  async function find(key: string, moment: Moment): Promise<RecentEntry | undefined> {
    const own = ownEntry(key, moment);
    if (own && age(own) < freshMs) return own;
    return newest(key, moment, await store.read(key));
  }

  /** Computes for all processes, or waits for the one that does. A caller that wants an entry anew names the `outdated` one. */
  async function fill(
    key: string,
    moment: Moment,
    compute: () => Promise<Computed>,
    outdated: CachedEntry | undefined,
  ): Promise<CachedEntry> {
    const end = performance.now() + claimMs;
    let claimed = false;
    for (;;) {
      const claim = await store.claim(key, claimMs);
      claimed = claim.claimed;
      const found = newest(key, moment, claim.entry, outdated);
      if (found) {
        if (claimed) await store.release(key);
        return found.entry;
      }
      if (claimed || performance.now() >= end) break;
      await delay(pollMs);
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
  function start(key: string, since: Moment, compute: () => Promise<Computed>, outdated?: CachedEntry): Running {
    const joint = jointRequest();
    joint.join();
    const started = { since, joint, entry: joint.run(() => fill(key, since, compute, outdated)) };
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
      const found = await find(key, moment);
      if (found) {
        const { answer } = found.entry;
        if (age(found) < freshMs) return { answer, state: "HIT" };
        const { entry: renewed } = runningAt(key) ?? start(key, moment, compute, found.entry);
        renewed.catch((error) => log.warn({ err: error }, "a stale response could not be computed anew"));
        return { answer, state: "STALE" };
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
