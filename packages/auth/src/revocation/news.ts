import { setTimeout as delay } from "node:timers/promises";
import { addToStream, type Redis } from "@quintet/db";
import { z } from "zod";
import { type Revocation, type RevokedTable, revocationMs } from "./revoked-table.ts";

// A stream with one entry per revocation, and now and then a beat: "all that is revoked stands above". It reaches back as far
// as a token lives, so that a process that starts reads a few hundred entries.
const stream = "revocations";
const waitMs = 1000;
const pauseMs = 100;
const batch = 1000;

const entrySchema = z.object({
  kind: z.enum(["account", "session", "token"]),
  subject: z.string(),
  epoch: z.coerce.number(),
});

/** Tells every process what was revoked; with `beat`, that this was all. */
export async function announce(redis: Redis, revocations: Revocation[], beat: boolean): Promise<void> {
  const oldest = Date.now() - revocationMs;
  const batch = redis.pipeline();
  for (const { kind, subject, epoch } of revocations) {
    addToStream(batch, stream, "MINID", "~", oldest, "*", "kind", kind, "subject", subject, "epoch", epoch);
  }
  if (beat) addToStream(batch, stream, "MINID", "~", oldest, "*", "beat", "1");
  for (const [error] of (await batch.exec()) ?? []) if (error) throw error;
}

/**
 * Keeps `table` up to what is announced, over `redis`, a connection of its own that is closed at the end. One entry takes
 * as long as Redis takes to pass it on; after a lost connection everything is read again.
 */
export function followNews(redis: Redis, table: RevokedTable, now: () => number): AsyncDisposable {
  let closed = false;
  const follow = async () => {
    let last = "0-0";
    while (!closed) {
      try {
        const answer = await redis.xread("COUNT", batch, "BLOCK", waitMs, "STREAMS", stream, last);
        for (const [id, fields] of answer?.[0]?.[1] ?? []) {
          last = id;
          take(table, id, fields, now());
        }
      } catch {
        // The client tells of lost connections itself.
        last = "0-0";
        if (!closed) await delay(pauseMs);
      }
    }
  };
  const following = follow();
  return {
    [Symbol.asyncDispose]: async () => {
      closed = true;
      redis.disconnect();
      await following;
    },
  };
}

function take(table: RevokedTable, id: string, fields: string[], now: number): void {
  const entry: Record<string, string> = {};
  for (let i = 0; i + 1 < fields.length; i += 2) entry[fields[i] ?? ""] = fields[i + 1] ?? "";
  const revocation = entrySchema.safeParse(entry);
  if (revocation.success) table.add(revocation.data);
  // Its own time, as Redis tells it: a beat that is read late says nothing of what came after it.
  else if ("beat" in entry) table.heard(Math.min(now, Number.parseInt(id, 10)));
}
