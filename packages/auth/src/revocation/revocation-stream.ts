import { setTimeout as delay } from "node:timers/promises";
import { luaCommands, type Redis, redisWithDeadline } from "@quintet/db";
import { z } from "zod";
import { type Revocation, type RevokedTable, revocationSeconds } from "./revoked-table.ts";

// A stream with an entry per revocation, and heartbeats: "the stream is complete up to here". It reaches back as far as the
// lifetime of a token, so a process that starts reads at most some thousand entries.
const stream = "revocations";
const waitMs = 250;
const pauseMs = 100;
const batch = 1000;
const deadlineMs = 500;
const youngHeartbeatMs = 400;

/** How long a connection of `subscribeToRevocations` may be silent beyond the time that it blocks; for `connectRedis`. */
export const streamSilenceMs = 500;

const entrySchema = z.object({
  kind: z.enum(["account", "session", "token"]),
  subject: z.string(),
  epoch: z.coerce.number(),
});

/**
 * Publishes revocations to every process, with `heartbeat` as a complete list. Resolves to whether the stream was empty before;
 * rejects within half a second, and at once while Redis is known to be unavailable.
 */
export function revocationPublisher(redis: Redis): (revocations: Revocation[], heartbeat: boolean) => Promise<boolean> {
  const run = luaCommands(redis, new URL("./", import.meta.url), ["publish-1"], () => true);
  const withDeadline = redisWithDeadline(redis, { deadlineMs });
  return async (revocations, heartbeat) => {
    const entries = revocations.flatMap(({ kind, subject, epoch }) => [kind, subject, epoch]);
    const args = [revocationSeconds * 1000, heartbeat ? youngHeartbeatMs : 0, ...entries];
    return (await withDeadline(() => run("publish-1", [stream], args))) === 1;
  };
}

/** A subscription to the stream. */
export interface RevocationSubscription extends AsyncDisposable {
  /** When the last heartbeat arrived, of `performance.now()`. */
  heartbeatAt(): number;
}

/**
 * Keeps `table` up to date with the stream, over `redis`, a connection of its own that is closed on disposal. After a lost
 * connection the whole stream is read again.
 *
 * A revocation is in Redis before its call responds, unless Redis did not respond. So after one heartbeat the table is up to date
 * for as long as Redis responds without a gap, with or without further heartbeats; after a gap only a new heartbeat shows that
 * nothing is missing.
 */
export function subscribeToRevocations(redis: Redis, table: RevokedTable): RevocationSubscription {
  let closed = false;
  let heartbeatAt = Number.NEGATIVE_INFINITY;
  const follow = async () => {
    let last = "0-0";
    let atEnd = false;
    let isComplete = false;
    while (!closed) {
      const askedAt = performance.now();
      try {
        const response = await redis.xread("COUNT", batch, "BLOCK", waitMs, "STREAMS", stream, last);
        const entries = response?.[0]?.[1] ?? [];
        for (const [id, fields] of entries) {
          last = id;
          // A heartbeat that was already in the stream says nothing about what came after it.
          if (!applyEntry(table, fields) || !atEnd) continue;
          isComplete = true;
          heartbeatAt = performance.now();
        }
        atEnd = entries.length < batch;
        if (atEnd && isComplete) table.markCurrent(askedAt);
      } catch {
        // The client logs lost connections itself.
        last = "0-0";
        atEnd = false;
        isComplete = false;
        if (!closed) await delay(pauseMs);
      }
    }
  };
  const following = follow();
  return {
    heartbeatAt: () => heartbeatAt,
    [Symbol.asyncDispose]: async () => {
      closed = true;
      redis.disconnect();
      await following;
    },
  };
}

/** Adds an entry of the stream to the table; returns whether it is a heartbeat. */
function applyEntry(table: RevokedTable, fields: string[]): boolean {
  const entry: Record<string, string> = {};
  for (let i = 0; i + 1 < fields.length; i += 2) entry[fields[i] ?? ""] = fields[i + 1] ?? "";
  const revocation = entrySchema.safeParse(entry);
  if (revocation.success) table.add(revocation.data);
  return "beat" in entry;
}
