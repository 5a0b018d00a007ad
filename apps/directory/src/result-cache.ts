import { setTimeout as delay } from "node:timers/promises";
import { type JointRequest, jointRequest, type Logger } from "@quintet/http";
import type { CacheStore } from "./cache-store.ts";
import { type Answer, type CachedEntry, decode, encode } from "./cached-entry.ts";
import { createGenerations } from "./generations.ts";
import { joinRuns } from "./joined-runs.ts";
import { createRecentEntries } from "./recent-entries.ts";

/** Where an answer came from: the cache; a computation; the cache, while it is computed anew behind it. */
export type CacheState = "HIT" | "MISS" | "STALE";

/** Answers that are kept until the next write: see docs/decisions/directory-cache.md. */
export interface ResultCache {
  /** The answer kept under `key`, or what `compute` gives, which runs once however many ask. */
  read(key: string, compute: () => Promise<Answer>): Promise<{ answer: Answer; state: CacheState }>;
  /** To be awaited between the commit of a write and its answer. */
  invalidate(): Promise<void>;
}

export function createResultCache(
  store: CacheStore,
  log: Logger,
  { freshMs = 30_000, keptMs = 180_000, claimMs = 3000, pollMs = 20, entries = 500 } = {},
): ResultCache {
  const generations = createGenerations(store, log);
  const recent = createRecentEntries(entries);
  const underway = new Map<string, { joint: JointRequest; filling: Promise<Answer> }>();
  const uncached = new Map<string, () => Promise<Answer>>();

  async function find(key: string, generation: string): Promise<CachedEntry | undefined> {
    const known = recent.get(key);
    if (known?.generation === generation && Date.now() - known.computedAt < freshMs) return known;
    const entry = decode(await store.read(key));
    if (entry?.generation !== generation || Date.now() - entry.computedAt > keptMs) return undefined;
    recent.set(key, entry);
    return entry;
  }

  /** Computes for all processes, or waits for the one that does. `since` is when an answer must have been computed. */
  async function fill(key: string, generation: string, compute: () => Promise<Answer>, since: number): Promise<Answer> {
    const name = `${generation}:${key}`;
    const claimed = await store.claim(name, claimMs).catch(() => true);
    if (!claimed) {
      const end = performance.now() + claimMs;
      while (performance.now() < end) {
        await delay(pollMs);
        const entry = await find(key, generation).catch(() => undefined);
        if (entry && entry.computedAt >= since) return entry.answer;
      }
    }
    try {
      const answer = await compute();
      const entry = { generation, computedAt: Date.now(), answer };
      recent.set(key, entry);
      await store.write(key, encode(entry), keptMs).catch(() => {});
      return answer;
    } finally {
      if (claimed) await store.release(name).catch(() => {});
    }
  }

  /** One computation in this process for a key and generation. */
  function fillOnce(key: string, generation: string, compute: () => Promise<Answer>, since = 0): Promise<Answer> {
    const name = `${generation}:${key}`;
    const known = underway.get(name);
    if (known && !known.joint.gone) {
      known.joint.join();
      return known.filling;
    }
    const joint = jointRequest();
    joint.join();
    const filling = joint.run(() => fill(key, generation, compute, since));
    const begun = { joint, filling };
    underway.set(name, begun);
    const over = () => {
      if (underway.get(name) === begun) underway.delete(name);
    };
    filling.then(over, over);
    return filling;
  }

  /** Without the cache, those who ask while a computation is under way share the one that begins after it. */
  async function computeUncached(key: string, compute: () => Promise<Answer>): Promise<Answer> {
    const shared = uncached.get(key) ?? joinRuns(compute);
    uncached.set(key, shared);
    try {
      return await shared();
    } finally {
      uncached.delete(key);
    }
  }

  return {
    async read(key, compute) {
      const generation = await generations.current();
      if (generation === undefined) return { answer: await computeUncached(key, compute), state: "MISS" };
      const entry = await find(key, generation).catch(() => undefined);
      if (!entry) return { answer: await fillOnce(key, generation, compute), state: "MISS" };
      if (Date.now() - entry.computedAt < freshMs) return { answer: entry.answer, state: "HIT" };
      fillOnce(key, generation, compute, entry.computedAt + freshMs).catch((error) => {
        log.warn({ err: error }, "a stale answer could not be computed anew");
      });
      return { answer: entry.answer, state: "STALE" };
    },
    invalidate: generations.renew,
  };
}
