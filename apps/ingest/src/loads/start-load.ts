import { randomUUID } from "node:crypto";
import { Problem } from "@quintet/http";
import { isOver, type LoadAttempt, type LoadOrder, noProgress } from "./load.ts";
import { problemOfLoad } from "./load-problem.ts";
import { claimLoad, insertLoad, type KeptLoad, loadById, loadByKey, releaseKey } from "./load-queries.ts";
import type { Loading } from "./loading.ts";

/** What a request for a load comes to: an attempt that may write, or a load that ended before under the same key. */
export type StartedLoad = { state: "attempt"; attempt: LoadAttempt } | { state: "ended"; kept: KeptLoad };

/**
 * Begins a load, or goes on with the one that was cut off under the same key (`key`: a digest of account, path and Idempotency-Key).
 * 409 while an attempt with the key is alive, 422 when the key was used for another kind of load. One that was refused as a whole, or
 * is two days old, has left the key free.
 */
export async function startLoad(
  loading: Loading,
  order: LoadOrder,
  by: { accountId: number; username: string; key: string | undefined },
): Promise<StartedLoad> {
  const owner = randomUUID();
  if (by.key !== undefined) await releaseKey(loading.db, by.key);
  const id = await insertLoad(loading.db, {
    ...order,
    owner,
    key: by.key ?? null,
    accountId: by.accountId,
    createdBy: by.username,
  });
  if (id !== undefined) {
    return { state: "attempt", attempt: { id, owner, order, progress: { ...noProgress }, resumes: false } };
  }
  const kept = by.key === undefined ? undefined : await loadByKey(loading.db, by.key, loading.deadAfterMs);
  if (kept === undefined) throw inFlight();
  const { load } = kept;
  if (!sameOrder(kept.order, order)) {
    throw new Problem("unprocessable", "This Idempotency-Key was used for a different load.");
  }
  if (isOver(load.status)) return { state: "ended", kept };
  try {
    const claimed = load.status === "cut off" && (await claimLoad(loading.db, load.id, kept.owner, owner));
    // Read again: until the claim, the attempt before this one may have committed a batch.
    const now = claimed ? await loadById(loading.db, load.id, loading.deadAfterMs) : undefined;
    if (now?.owner !== owner) throw inFlight();
    return { state: "attempt", attempt: { id: load.id, owner, order, progress: now.progress, resumes: true } };
  } catch (error) {
    throw problemOfLoad(error, load);
  }
}

function sameOrder(a: LoadOrder, b: LoadOrder): boolean {
  return Object.keys(a).every((name) => a[name as keyof LoadOrder] === b[name as keyof LoadOrder]);
}

function inFlight(): Problem {
  return new Problem("conflict", "A load with this Idempotency-Key is still in flight.", {
    headers: { "Retry-After": "2" },
  });
}
