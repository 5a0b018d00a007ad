import { luaCommands, type Redis, redisWithDeadline } from "@quintet/db";
import { LRUCache } from "lru-cache";

/** How many attempts in a row are allowed, and after how many ms one is added again. 0 attempts: no limit. */
export interface Budget {
  attempts: number;
  eachMs: number;
}

/** The keys of an attempt: the login from this address, the address, the login from anywhere; and the mark of a success. */
export type BudgetKeys = readonly [pair: string, address: string, login: string, known: string];
export type BudgetSizes = readonly [pair: Budget, address: Budget, login: Budget];

/** The store of the budgets. */
export interface Budgets {
  /** Takes one attempt from each budget; returns 0, or for how many ms there is none left. */
  take(keys: BudgetKeys, sizes: BudgetSizes): Promise<number>;
  /** Returns the attempt after a success, which is remembered under the mark for `knownMs`. */
  refund(keys: BudgetKeys, sizes: BudgetSizes, knownMs: number): Promise<void>;
}

const maxLocalKeys = 100_000;
/** Longer than a slow Redis needs; a sign-in takes as long in any case. */
const deadlineMs = 450;

/** Budgets in Redis, shared by all processes (see `take-4.lua`). Rejects within `deadlineMs` when Redis does not respond. */
export function redisBudgets(redis: Redis): Budgets {
  // Not repeated without a response, since it might count twice; it is counted in this process instead.
  const run = luaCommands(redis, new URL("./", import.meta.url), ["take-4", "refund-4"], () => false);
  const withDeadline = redisWithDeadline(redis, { deadlineMs });
  // One hash tag, so that a Redis cluster keeps them on one node.
  const named = (keys: BudgetKeys) => keys.map((key) => `{attempts}:${key}`);
  const flat = (sizes: BudgetSizes) => sizes.flatMap(({ eachMs, attempts }) => [eachMs, attempts]);
  return {
    take: async (keys, sizes) => Number(await withDeadline(() => run("take-4", named(keys), flat(sizes)))),
    refund: async (keys, sizes, knownMs) => {
      await withDeadline(() => run("refund-4", named(keys), [...flat(sizes), knownMs]));
    },
  };
}

/** Budgets of this process, for the 100,000 most recent keys. `elapsed` is a monotonic clock in ms. */
export function localBudgets(elapsed: () => number): Budgets {
  const fullAt = new LRUCache<string, number>({ max: maxLocalKeys });
  const known = new LRUCache<string, number>({ max: maxLocalKeys });
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

/** The shared budgets; those of this process while the shared ones are unavailable. */
export function budgetsWithFallback(shared: Budgets, own: Budgets): Budgets {
  return {
    take: (keys, sizes) => shared.take(keys, sizes).catch(() => own.take(keys, sizes)),
    refund: (keys, sizes, knownMs) => shared.refund(keys, sizes, knownMs).catch(() => own.refund(keys, sizes, knownMs)),
  };
}
