import { randomUUID } from "node:crypto";
import type { Logger } from "@quintet/http";
import type { CacheStore } from "./cache-store.ts";
import { joinRuns } from "./joined-runs.ts";

/**
 * The generation that cached answers belong to: a random text in Redis that every write replaces once it is committed. An
 * answer counts only while the generation under which its computation began is the present one.
 */
export interface Generations {
  /** The present generation; undefined while Redis is away, when nothing may be cached. */
  current(): Promise<string | undefined>;
  /** Ends the present generation. A reader that asks afterwards sees what was committed before. */
  renew(): Promise<void>;
}

const patienceMs = 250;
const restMs = 1000;

/**
 * A process that cannot be sure that its writes were told, because its connection is new, was lost, or a command failed, tells
 * them by a new generation before it reads one.
 */
export function createGenerations(store: CacheStore, log: Logger): Generations {
  let trusted = false;
  let restUntil = 0;
  store.onLost(() => {
    trusted = false;
  });

  const replace = async () => {
    const generation = randomUUID();
    await store.setGeneration(generation);
    return generation;
  };
  const read = joinRuns(async () => {
    if (performance.now() < restUntil) return undefined;
    try {
      const wasTrusted = trusted;
      trusted = true;
      const known = wasTrusted ? await within(patienceMs, store.generation()) : null;
      return known ?? (await within(patienceMs, replace()));
    } catch (error) {
      trusted = false;
      restUntil = performance.now() + restMs;
      log.warn({ err: error }, "the cache is away; reads go to Postgres");
      return undefined;
    }
  });
  return {
    current: read,
    async renew() {
      try {
        await replace();
      } catch (error) {
        trusted = false;
        log.warn({ err: error }, "the cache could not be told of a write; it will be before it is read again");
      }
    },
  };
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis did not answer within ${ms} ms.`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
