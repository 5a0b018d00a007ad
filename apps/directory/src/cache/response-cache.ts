import { setTimeout as delay } from "node:timers/promises";
import { type JointRequest, jointRequest, type Logger } from "@quintet/http";
import { LRUCache } from "lru-cache";
import type { CacheStore } from "./cache-store.ts";
import type { CachedEntry, CachedResponse, ComputedResponse } from "./cached-entry.ts";
import type { ChangeLog, ReadPoint } from "./change-log.ts";

/** `HIT`: from the cache. `MISS`: computed now. `STALE`: from the cache, while it is computed again in the background. */
export type CacheState = "HIT" | "MISS" | "STALE";

/** Responses cached until a write affects them: see docs/decisions/directory-cache.md. */
export interface ResponseCache {
  /** The response cached under `key`, or the result of `compute`, which runs once for all concurrent callers. */
  read(key: string, compute: () => Promise<ComputedResponse>): Promise<{ response: CachedResponse; state: CacheState }>;
}

/** A computation in flight and the requests that wait for it. */
interface Computation {
  since: ReadPoint;
  joint: JointRequest;
  entry: Promise<CachedEntry>;
}

/** An entry, and when this process got it, of `performance.now()`. */
interface RecentEntry {
  entry: CachedEntry;
  receivedAt: number;
}

export function createResponseCache(
  store: CacheStore,
  changes: ChangeLog,
  log: Logger,
  { freshMs = 30_000, ttlMs = 180_000, claimMs = 3000, pollMs = 20, maxEntries = 500 } = {},
): ResponseCache {
  const recent = new LRUCache<string, RecentEntry>({ max: maxEntries });
  const running = new Map<string, Computation>();
  // Clocks of machines differ and can be set back: an entry is at least as old as the time this process has had it.
  const age = ({ entry, receivedAt }: RecentEntry) =>
    Math.max(Date.now() - entry.computedAt, performance.now() - receivedAt);

  const keep = (key: string, entry: CachedEntry): RecentEntry => {
    const received = { entry, receivedAt: performance.now() };
    recent.set(key, received);
    return received;
  };

  /** Whether an entry can be sent: it is current, not too old, and not the `outdated` one. */
  const isGood = (found: RecentEntry, readPoint: ReadPoint, outdated?: CachedEntry) =>
    found.entry.computedAt !== outdated?.computedAt && age(found) < ttlMs && changes.isCurrent(found.entry, readPoint);

  /** This process's own entry of a key, if it can be sent. */
  function ownEntry(key: string, readPoint: ReadPoint, outdated?: CachedEntry): RecentEntry | undefined {
    const own = recent.get(key);
    return own && isGood(own, readPoint, outdated) ? own : undefined;
  }

  /** The newer of the `shared` entry and this process's own, if it can be sent. */
  function newest(
    key: string,
    readPoint: ReadPoint,
    shared?: CachedEntry,
    outdated?: CachedEntry,
  ): RecentEntry | undefined {
    // Reading an entry again that this process already has does not make it younger.
    if (!shared || shared.computedAt === recent.get(key)?.entry.computedAt) return ownEntry(key, readPoint, outdated);
    const isSharedGood = isGood({ entry: shared, receivedAt: performance.now() }, readPoint, outdated);
    return isSharedGood ? keep(key, shared) : ownEntry(key, readPoint, outdated);
  }

  async function find(key: string, readPoint: ReadPoint): Promise<RecentEntry | undefined> {
    const own = ownEntry(key, readPoint);
    if (own && age(own) < freshMs) return own;
    return newest(key, readPoint, await store.read(key));
  }

  /** Computes the entry for all processes, or waits for the process that does. To refresh an entry, pass it as `outdated`. */
  async function fill(
    key: string,
    readPoint: ReadPoint,
    compute: () => Promise<ComputedResponse>,
    outdated: CachedEntry | undefined,
  ): Promise<CachedEntry> {
    const end = performance.now() + claimMs;
    let claimed = false;
    for (;;) {
      const claim = await store.claim(key, claimMs);
      claimed = claim.claimed;
      const found = newest(key, readPoint, claim.entry, outdated);
      if (found) {
        if (claimed) await store.release(key);
        return found.entry;
      }
      if (claimed || performance.now() >= end) break;
      await delay(pollMs);
    }
    try {
      const { snapshot, server } = readPoint;
      const computedAt = Date.now();
      const computed = await compute();
      const { snapshot: until } = await changes.readPoint();
      const entry = { snapshot, until, server, computedAt, ...computed };
      keep(key, entry);
      await store.write(key, entry, ttlMs);
      return entry;
    } finally {
      if (claimed) await store.release(key);
    }
  }

  /** The computation of a key that is in flight and still has waiting requests. */
  function runningAt(key: string): Computation | undefined {
    const one = running.get(key);
    return one?.joint.gone ? undefined : one;
  }

  /** Starts a computation for the current request and for those that join it. */
  function start(
    key: string,
    since: ReadPoint,
    compute: () => Promise<ComputedResponse>,
    outdated?: CachedEntry,
  ): Computation {
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

  function join(one: Computation): Promise<CachedEntry> {
    one.joint.join();
    return one.entry;
  }

  return {
    async read(key, compute) {
      const readPoint = await changes.readPoint();
      const found = await find(key, readPoint);
      if (found) {
        const { response } = found.entry;
        if (age(found) < freshMs) return { response, state: "HIT" };
        const { entry: renewed } = runningAt(key) ?? start(key, readPoint, compute, found.entry);
        renewed.catch((error) => log.warn({ err: error }, "Stale response could not be refreshed"));
        return { response, state: "STALE" };
      }
      const earlier = runningAt(key);
      if (earlier && earlier.since.position < readPoint.position) {
        // It started before the last write: its result is good if that write does not affect it.
        const joined = await join(earlier).catch(() => undefined);
        if (joined && changes.isCurrent(joined, readPoint)) return { response: joined.response, state: "MISS" };
      }
      const present = runningAt(key);
      const isRecentEnough = present !== undefined && present.since.position >= readPoint.position;
      const { response } = await (isRecentEnough ? join(present) : start(key, readPoint, compute).entry);
      return { response, state: "MISS" };
    },
  };
}
