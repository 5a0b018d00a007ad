import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { IdempotencyStore } from "@quintet/http";
import type { Redis } from "ioredis";
import { redisWithDeadline } from "../redis/redis-deadline.ts";
import { luaCommands } from "../redis/scripts.ts";

const retryMs = 250;
const commands = ["begin-1", "end-1", "renew-1"] as const;

/**
 * Requests in flight, by their idempotency keys, in Redis. Who works on a request holds its key for `leaseMs` and renews that as long as
 * it works; a process that is killed lets go of it by that. Nothing else is kept, so that Redis holds as many keys as there are
 * requests in flight. With `deadlineMs` it rejects rather than wait longer for a Redis that stands still; see `redisWithDeadline`.
 */
export function redisIdempotency(
  redis: Redis,
  { leaseMs = 10_000, deadlineMs }: { leaseMs?: number; deadlineMs?: number } = {},
): IdempotencyStore {
  // Each knows its own first run by the claim.
  const run = luaCommands(redis, new URL("./", import.meta.url), commands, () => true);
  const inTime: <T>(work: () => Promise<T>) => Promise<T> =
    deadlineMs === undefined ? (work) => work() : redisWithDeadline(redis, { deadlineMs });
  return {
    async begin(key, fingerprint) {
      const keys = [`idempotent:${key}`];
      const claim = randomUUID();
      /** Tries until it reaches Redis, or the lease is over. */
      const free = async (until = performance.now() + leaseMs): Promise<unknown> => {
        const freed = run("end-1", keys, [claim]);
        return freed.catch(
          () => performance.now() < until && delay(retryMs, undefined, { ref: false }).then(() => free(until)),
        );
      };
      let beginning: Promise<unknown> | undefined;
      const begin = () => {
        beginning = run("begin-1", keys, [fingerprint, claim, leaseMs]);
        return beginning;
      };
      const state = await inTime(begin).catch((error: unknown) => {
        // It may be claimed after all, when nobody works on it any more.
        const settled = beginning?.catch(() => {});
        settled?.then(() => free()).catch(() => {});
        throw error;
      });
      if (state === "busy" || state === "mismatch") return { state };
      const renewing = setInterval(() => {
        // While Redis is away nobody else can claim the key either.
        run("renew-1", keys, [claim, leaseMs]).then(
          (held) => held === 0 && clearInterval(renewing),
          () => {},
        );
      }, leaseMs / 3);
      renewing.unref();
      const end = async () => {
        clearInterval(renewing);
        await inTime(() => run("end-1", keys, [claim]));
      };
      return { state: "new", fingerprint, end };
    },
  };
}
