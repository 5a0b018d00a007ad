import { randomUUID } from "node:crypto";
import { Problem } from "@quintet/http";
import { hasEnded, initialProgress, type LoadAttempt, type LoadOptions } from "./load.ts";
import type { LoadContext } from "./load-context.ts";
import { loadProblem } from "./load-problem.ts";
import { claimLoad, findLoadById, findLoadByKey, insertLoad, releaseKey, type StoredLoad } from "./load-queries.ts";

/** What a request for a load comes to: an attempt that may write, or a load that ended before under the same key. */
export type StartedLoad = { state: "attempt"; attempt: LoadAttempt } | { state: "ended"; kept: StoredLoad };

/**
 * Begins a load, or goes on with the one that was cut off under the same key (`key`: a digest of account, path and Idempotency-Key).
 * 409 while an attempt with the key is alive, 422 when the key was used for another kind of load. One that was refused as a whole, or
 * is two days old, has left the key free.
 */
export async function startLoad(
  context: LoadContext,
  options: LoadOptions,
  by: { accountId: number; username: string; key: string | undefined },
): Promise<StartedLoad> {
  const owner = randomUUID();
  if (by.key !== undefined) await releaseKey(context.db, by.key);
  const id = await insertLoad(context.db, {
    ...options,
    owner,
    key: by.key ?? null,
    accountId: by.accountId,
    createdBy: by.username,
  });
  if (id !== undefined) {
    return { state: "attempt", attempt: { id, owner, options, progress: { ...initialProgress }, resumes: false } };
  }
  const kept = by.key === undefined ? undefined : await findLoadByKey(context.db, by.key, context.heartbeatTimeoutMs);
  if (kept === undefined) throw inFlight();
  const { load } = kept;
  if (!hasSameOptions(kept.options, options)) {
    throw new Problem("unprocessable", "This Idempotency-Key was used for a different load.");
  }
  if (hasEnded(load.status)) return { state: "ended", kept };
  try {
    const claimed = load.status === "cut off" && (await claimLoad(context.db, load.id, kept.owner, owner));
    // Read again: until the claim, the attempt before this one may have committed a batch.
    const now = claimed ? await findLoadById(context.db, load.id, context.heartbeatTimeoutMs) : undefined;
    if (now?.owner !== owner) throw inFlight();
    return { state: "attempt", attempt: { id: load.id, owner, options, progress: now.progress, resumes: true } };
  } catch (error) {
    throw loadProblem(error, load);
  }
}

function hasSameOptions(a: LoadOptions, b: LoadOptions): boolean {
  return Object.keys(a).every((name) => a[name as keyof LoadOptions] === b[name as keyof LoadOptions]);
}

function inFlight(): Problem {
  return new Problem("conflict", "A load with this Idempotency-Key is still in flight.", {
    headers: { "Retry-After": "2" },
  });
}
