import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { IdempotencyStore } from "@quintet/http";
import type { Redis } from "../redis/client.ts";
import { redisWithDeadline } from "../redis/redis-deadline.ts";
import { luaCommands } from "../redis/scripts.ts";

const retryMs = 250;
const commands = ["begin-1", "end-1", "renew-1"] as const;

/**
 * Keys of requests in flight, in Redis. A request holds its key for `leaseMs` and renews the lease while it runs; the
 * lease of a killed process expires. Nothing else is stored, so Redis holds one key per request in flight. With
 * `deadlineMs` it rejects instead of waiting longer for an unresponsive Redis; see `redisWithDeadline`.
 */
export function redisIdempotency(
  redis: Redis,
  { leaseMs = 10_000, deadlineMs }: { leaseMs?: number; deadlineMs?: number } = {},
): IdempotencyStore {
  // All of them may be repeated: each recognises its own first run by the claim.
  const run = luaCommands(redis, new URL("./", import.meta.url), commands, () => true);
  const inTime: <T>(work: () => Promise<T>) => Promise<T> =
    deadlineMs === undefined ? (work) => work() : redisWithDeadline(redis, { deadlineMs });
  return {
    async begin(key, fingerprint) {
      const keys = [`idempotent:${key}`];
      const claim = randomUUID();
      /** Retries until Redis responds, or the lease is over. */
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
        // The key may be claimed nevertheless, for a request that is no longer running.
        const settled = beginning?.catch(() => {});
        settled?.then(() => free()).catch(() => {});
        throw error;
      });
      if (state === "busy" || state === "mismatch") return { state };
      const renewing = setInterval(() => {
        // While Redis is unavailable nobody else can claim the key either.
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
