import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { IdempotencyState, IdempotencyStore, KeptAnswer } from "@quintet/http";
import type { Redis } from "ioredis";
import { luaCommands } from "../lua-commands.ts";
import { redisWithDeadline } from "../redis-deadline.ts";

const keepMs = 24 * 3_600_000;
const retryMs = 250;
const commands = ["begin-1", "end-1", "renew-1"] as const;

/**
 * Idempotency keys in Redis, each remembered for a day. Who works on a request holds its key for `leaseMs` and renews that as long as
 * it works; a process that is killed lets go of it by that, and one that was overtaken cannot write its answer any more.
 * With `deadlineMs` it rejects rather than wait longer for a Redis that stands still; see `redisWithDeadline`.
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
    async begin(key, fingerprint): Promise<IdempotencyState> {
      const keys = [`idempotent:${key}`];
      const claim = randomUUID();
      /** Tries until it reaches Redis, or the lease is over. */
      const free = async (until = performance.now() + leaseMs): Promise<unknown> => {
        const freed = run("end-1", keys, [claim, "", keepMs]);
        return freed.catch(
          () => performance.now() < until && delay(retryMs, undefined, { ref: false }).then(() => free(until)),
        );
      };
      let beginning: Promise<unknown> | undefined;
      const begin = () => {
        beginning = run("begin-1", keys, [fingerprint, claim, leaseMs, keepMs]);
        return beginning;
      };
      const [state, answer] = (await inTime(begin).catch((error: unknown) => {
        // It may be claimed after all, when nobody works on it any more.
        const settled = beginning?.catch(() => {});
        void settled?.then(() => free());
        throw error;
      })) as [string, string];
      if (state === "done") return { state, answer: JSON.parse(answer) as KeptAnswer };
      if (state === "busy" || state === "mismatch") return { state };
      const renewing = setInterval(() => {
        // While Redis is away nobody else can claim the key either.
        run("renew-1", keys, [claim, leaseMs]).then(
          (held) => held === 0 && clearInterval(renewing),
          () => {},
        );
      }, leaseMs / 3);
      renewing.unref();
      const end = async (text: string) => {
        clearInterval(renewing);
        await inTime(() => run("end-1", keys, [claim, text, keepMs]));
      };
      return { state: "new", claim: { keep: (given) => end(JSON.stringify(given)), abandon: () => end("") } };
    },
  };
}
