import { setTimeout as delay } from "node:timers/promises";
import { luaCommands, type Redis, redisWithDeadline } from "@quintet/db";
import { z } from "zod";
import { type Revocation, type RevokedTable, revocationSeconds } from "./revoked-table.ts";

// A stream with one entry per revocation, and now and then a beat: "all that is revoked stands above". It reaches back as far
// as a token lives, so that a process that starts reads some thousand entries.
const stream = "revocations";
const waitMs = 250;
const pauseMs = 100;
const batch = 1000;
const deadlineMs = 500;
const youngHeartbeatMs = 400;

/** How long a connection for `followNews` may be silent beyond the time that it blocks; for `connectRedis`. */
export const streamSilenceMs = 500;

const entrySchema = z.object({
  kind: z.enum(["account", "session", "token"]),
  subject: z.string(),
  epoch: z.coerce.number(),
});

/**
 * Tells every process what was revoked; with `beat`, that this was all. Resolves with whether Redis knew of nothing before; rejects
 * within half a second, and at once while Redis is known to be unavailable.
 */
export function revocationPublisher(redis: Redis): (revocations: Revocation[], beat: boolean) => Promise<boolean> {
  const run = luaCommands(redis, new URL("./", import.meta.url), ["publish-1"], () => true);
  const withDeadline = redisWithDeadline(redis, { deadlineMs });
  return async (revocations, beat) => {
    const entries = revocations.flatMap(({ kind, subject, epoch }) => [kind, subject, epoch]);
    const args = [revocationSeconds * 1000, beat ? youngHeartbeatMs : 0, ...entries];
    return (await withDeadline(() => run("publish-1", [stream], args))) === 1;
  };
}

/** The stream as it is followed. */
export interface RevocationSubscription extends AsyncDisposable {
  /** When the last beat came, of `performance.now()`. */
  heartbeatAt(): number;
}

/**
 * Keeps `table` up to what is announced, over `redis`, a connection of its own that is closed at the end. One entry takes
 * as long as Redis takes to pass it on; after a lost connection everything is read again.
 *
 * What was revoked stands in Redis before whoever revoked it gets a response, unless Redis was silent. So from one beat on
 * everything is known for as long as Redis responds without a gap, whether or not further beats come; after a gap only a new beat
 * says that nothing is missing.
 */
export function subscribeToRevocations(redis: Redis, table: RevokedTable): RevocationSubscription {
  let closed = false;
  let beatAt = Number.NEGATIVE_INFINITY;
  const follow = async () => {
    let last = "0-0";
    let atEnd = false;
    let isComplete = false;
    while (!closed) {
      const askedAt = performance.now();
      try {
        const answer = await redis.xread("COUNT", batch, "BLOCK", waitMs, "STREAMS", stream, last);
        const entries = answer?.[0]?.[1] ?? [];
        for (const [id, fields] of entries) {
          last = id;
          // A beat that lay there already says nothing of what came after it.
          if (!applyEntry(table, fields) || !atEnd) continue;
          isComplete = true;
          beatAt = performance.now();
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
    heartbeatAt: () => beatAt,
    [Symbol.asyncDispose]: async () => {
      closed = true;
      redis.disconnect();
      await following;
    },
  };
}

/** Adds an entry of the stream to the table, or answers that it is a beat. */
function applyEntry(table: RevokedTable, fields: string[]): boolean {
  const entry: Record<string, string> = {};
  for (let i = 0; i + 1 < fields.length; i += 2) entry[fields[i] ?? ""] = fields[i + 1] ?? "";
  const revocation = entrySchema.safeParse(entry);
  if (revocation.success) table.add(revocation.data);
  return "beat" in entry;
}
