import { setTimeout as delay } from "node:timers/promises";
import { addToStream, type Redis } from "@quintet/db";
import type { Logger } from "@quintet/http";
import { type AuditEntry, auditEntrySchema, type KeepEntry } from "./audit-entry.ts";

// A stream with one field, `entry`, in JSON. An entry stays there until it is in MySQL. All issuers are one consumer of one
// group: an entry that one of them read and did not finish is claimed by another.
const stream = "audit";
const group = "issuer";
const batch = 100;
const waitMs = 1000;
const pauseMs = 500;

/** Sends an entry to the issuer; resolves when Redis has stored it. */
export async function sendEntry(redis: Redis, entry: AuditEntry): Promise<void> {
  await addToStream(redis, stream, "*", "entry", JSON.stringify(entry));
}

/**
 * Moves entries from the stream to `keep`, each at least once. `redis` is a connection of its own, closed on disposal. An entry that
 * was read and not finished within `claimMs` is claimed again.
 */
export function drainEntries(redis: Redis, keep: KeepEntry, log: Logger, claimMs = 5000): AsyncDisposable {
  const closing = new AbortController();
  let hasGroup = false;
  let succeeded = true;
  let claimedAt = Number.NEGATIVE_INFINITY;

  const createGroup = async () => {
    await redis.xgroup("CREATE", stream, group, "0", "MKSTREAM").catch((error: unknown) => {
      if (!(error instanceof Error && error.message.startsWith("BUSYGROUP"))) throw error;
    });
    hasGroup = true;
  };
  const unfinished = async (idleMs: number): Promise<StreamEntry[]> => {
    claimedAt = performance.now();
    const [, entries] = await redis.xautoclaim(stream, group, group, idleMs, "0", "COUNT", batch);
    return entries as StreamEntry[];
  };
  const fresh = async (): Promise<StreamEntry[]> => {
    const from = ["COUNT", batch, "BLOCK", waitMs, "STREAMS", stream, ">"] as const;
    const response = await redis.xreadgroup("GROUP", group, group, ...from);
    return (response as [string, StreamEntry[]][] | null)?.[0]?.[1] ?? [];
  };
  const take = async ([id, fields]: StreamEntry) => {
    const entry = readEntry(fields);
    if (entry) await keep(entry);
    else log.error(`Invalid entry ${id} in the audit stream was dropped`);
    const removed = await redis.multi().xack(stream, group, id).xdel(stream, id).exec();
    for (const [error] of removed ?? []) if (error) throw error;
  };
  const drain = async () => {
    while (!closing.signal.aborted) {
      try {
        if (!hasGroup) await createGroup();
        const old = !succeeded || performance.now() - claimedAt >= claimMs;
        const entries = old ? await unfinished(succeeded ? claimMs : 0) : [];
        for (const entry of entries.length > 0 ? entries : await fresh()) await take(entry);
        succeeded = true;
      } catch (error) {
        hasGroup = false; // Redis may have lost its data.
        if (closing.signal.aborted) return;
        if (succeeded) log.warn({ err: error }, "Audit entries could not be stored; retrying");
        succeeded = false;
        await delay(pauseMs, undefined, { signal: closing.signal }).catch(() => {});
      }
    }
  };
  const draining = drain();
  return {
    async [Symbol.asyncDispose]() {
      closing.abort();
      redis.disconnect();
      await draining;
    },
  };
}

type StreamEntry = [id: string, fields: string[] | null];

function readEntry(fields: string[] | null): AuditEntry | undefined {
  try {
    return auditEntrySchema.parse(JSON.parse(fields?.[1] ?? ""));
  } catch {
    return undefined;
  }
}
