import { randomUUID } from "node:crypto";
import { Problem } from "@quintet/http";
import { type LoadAttempt, type LoadOrder, noProgress } from "./load.ts";
import { claimLoad, insertLoad, type KeptLoad, loadByKey } from "./load-queries.ts";
import type { Loading } from "./loading.ts";

/** What a request for a load comes to: an attempt that may write, or a load that ended before under the same key. */
export type StartedLoad = { state: "attempt"; attempt: LoadAttempt } | { state: "ended"; kept: KeptLoad };

/**
 * Begins a load, or goes on with the one that was cut off under the same key (`key`: a digest of account, path and Idempotency-Key).
 * 409 while an attempt with the key is alive, 422 when the key was used for another kind of load.
 */
export async function startLoad(
  loading: Loading,
  order: LoadOrder,
  by: { accountId: number; username: string; key: string | undefined },
): Promise<StartedLoad> {
  const owner = randomUUID();
  const id = await insertLoad(loading.db, {
    ...order,
    owner,
    key: by.key ?? null,
    accountId: by.accountId,
    createdBy: by.username,
  });
  if (id !== undefined) return { state: "attempt", attempt: { id, owner, order, progress: { ...noProgress } } };
  const kept = by.key === undefined ? undefined : await loadByKey(loading.db, by.key, loading.deadAfterMs);
  if (kept === undefined) throw underWay();
  const { load, progress } = kept;
  if (!sameOrder(kept.order, order)) {
    throw new Problem("unprocessable", "This Idempotency-Key was used for a different load.");
  }
  if (load.status === "done" || load.status === "failed") return { state: "ended", kept };
  if (load.status === "running" || !(await claimLoad(loading.db, load.id, kept.owner, owner))) throw underWay();
  return { state: "attempt", attempt: { id: load.id, owner, order, progress } };
}

function sameOrder(a: LoadOrder, b: LoadOrder): boolean {
  return a.table === b.table && a.mode === b.mode && a.header === b.header && a.dryRun === b.dryRun;
}

function underWay(): Problem {
  return new Problem("conflict", "A load with this Idempotency-Key is still under way.", {
    headers: { "Retry-After": "2" },
  });
}
