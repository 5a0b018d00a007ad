import type { Redis } from "@quintet/db";
import { queueKeys } from "../keys.ts";

/** What Redis calls the kind of each key of a queue, by the last part of its name. */
const kinds: Record<string, string> = {
  settings: "hash",
  records: "hash",
  payloads: "hash",
  ready: "zset",
  delayed: "zset",
  leases: "zset",
  ages: "zset",
  groups: "zset",
  outbox: "zset",
  "dedupe-ids": "hash",
  "dedupe-times": "zset",
  arrivals: "hash",
};

/** Says what is wrong with the keys of a queue on which a command has failed. */
export async function whyBroken(redis: Redis, queue: string): Promise<string> {
  const keys = queueKeys(queue);
  const found = await Promise.all(keys.map((key) => redis.type(key)));
  for (const [i, key] of keys.entries()) {
    const part = key.slice(key.lastIndexOf(":") + 1);
    const kind = found[i];
    if (kind !== "none" && kind !== kinds[part]) return `its ${part} are a ${kind} instead of a ${kinds[part]}`;
  }
  return "its settings or one of its messages cannot be read";
}
