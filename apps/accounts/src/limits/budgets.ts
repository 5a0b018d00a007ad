import { luaCommands, type Redis, redisWithDeadline } from "@quintet/db";
import { LRUCache } from "lru-cache";

/** How many attempts there are, and how long one takes to come back, in ms. 0 attempts: it does not count. */
export interface Budget {
  attempts: number;
  eachMs: number;
}

/** What an attempt is counted under: the login from this address, the address, the login from anywhere; and a mark. */
export type BudgetKeys = readonly [pair: string, address: string, login: string, known: string];
export type BudgetSizes = readonly [pair: Budget, address: Budget, login: Budget];

/** Where budgets are kept. */
export interface Budgets {
  /** Takes one attempt out of each budget; answers 0, or for how many ms there is none. */
  take(keys: BudgetKeys, sizes: BudgetSizes): Promise<number>;
  /** Gives it back after a success, which is remembered under the mark for `knownMs`. */
  refund(keys: BudgetKeys, sizes: BudgetSizes, knownMs: number): Promise<void>;
}

const localKeys = 100_000;
/** Longer than a slow Redis takes; a sign-in takes as long anyhow. */
const deadlineMs = 450;

/** Budgets that all processes share; `take-4.lua` says how they are kept. They reject rather than wait for a Redis that stands still. */
export function redisBudgets(redis: Redis): Budgets {
  // One that was sent and not answered is counted in this process instead: sent again, it might count twice.
  const run = luaCommands(redis, new URL("./", import.meta.url), ["take-4", "refund-4"], () => false);
  const withDeadline = redisWithDeadline(redis, { deadlineMs });
  // One hash tag, so that a cluster keeps them together.
  const named = (keys: BudgetKeys) => keys.map((key) => `{attempts}:${key}`);
  const flat = (sizes: BudgetSizes) => sizes.flatMap(({ eachMs, attempts }) => [eachMs, attempts]);
  return {
    take: async (keys, sizes) => Number(await withDeadline(() => run("take-4", named(keys), flat(sizes)))),
    refund: async (keys, sizes, knownMs) => {
      await withDeadline(() => run("refund-4", named(keys), [...flat(sizes), knownMs]));
    },
  };
}

/** The same in this process, for as many keys as fit 100,000 entries. `elapsed` is in ms. */
export function localBudgets(elapsed: () => number): Budgets {
  const fullAt = new LRUCache<string, number>({ max: localKeys });
  const known = new LRUCache<string, number>({ max: localKeys });
  return {
    async take(keys, sizes) {
      const at = elapsed();
      const isKnown = (known.get(keys[3]) ?? 0) > at;
      const counted = sizes.flatMap((size, i) =>
        size.attempts === 0 || (i === 2 && isKnown)
          ? []
          : [{ key: keys[i] as string, size, full: Math.max(fullAt.get(keys[i] as string) ?? 0, at) + size.eachMs }],
      );
      const wait = Math.max(0, ...counted.map(({ size, full }) => full - size.eachMs * size.attempts - at));
      if (wait === 0) for (const { key, full } of counted) fullAt.set(key, full);
      return wait;
    },
    async refund(keys, sizes, knownMs) {
      sizes.forEach(({ attempts, eachMs }, i) => {
        const key = keys[i] as string;
        const full = fullAt.get(key);
        if (attempts > 0 && full !== undefined) fullAt.set(key, full - eachMs);
      });
      if (knownMs > 0) known.set(keys[3], elapsed() + knownMs);
    },
  };
}

/** The shared budgets; those of this process while they cannot be reached. */
export function budgetsWithFallback(shared: Budgets, own: Budgets): Budgets {
  return {
    take: (keys, sizes) => shared.take(keys, sizes).catch(() => own.take(keys, sizes)),
    refund: (keys, sizes, knownMs) => shared.refund(keys, sizes, knownMs).catch(() => own.refund(keys, sizes, knownMs)),
  };
}
