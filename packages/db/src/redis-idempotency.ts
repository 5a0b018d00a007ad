import { randomUUID } from "node:crypto";
import type { IdempotencyState, IdempotencyStore, KeptAnswer } from "@quintet/http";
import type { Redis } from "ioredis";

const claimMs = 5 * 60_000;
const keepSeconds = 24 * 3600;

type Entry = { fingerprint: string; claim: string } | { fingerprint: string; answer: KeptAnswer };

/** Idempotency keys in Redis: a claim lasts 5 minutes at most, a first answer a day. */
export function redisIdempotency(redis: Redis): IdempotencyStore {
  const name = (key: string) => `idempotency:${key}`;
  return {
    async begin(key, fingerprint): Promise<IdempotencyState> {
      const claim = randomUUID();
      const entry: Entry = { fingerprint, claim };
      // With NX and GET, Redis answers the entry that was there, or null when the claim is ours.
      const found = await redis.set(name(key), JSON.stringify(entry), "PX", claimMs, "NX", "GET");
      if (found === null) return { state: "new", claim };
      const held = JSON.parse(found) as Entry;
      if (held.fingerprint !== fingerprint) return { state: "mismatch" };
      return "answer" in held ? { state: "done", answer: held.answer } : { state: "busy" };
    },
    async finish(key, fingerprint, _claim, answer) {
      const entry: Entry = { fingerprint, answer };
      await redis.set(name(key), JSON.stringify(entry), "EX", keepSeconds);
    },
    async abandon(key, claim) {
      const found = await redis.get(name(key));
      if (found === null) return;
      const held = JSON.parse(found) as Entry;
      if ("claim" in held && held.claim === claim) await redis.del(name(key));
    },
  };
}
