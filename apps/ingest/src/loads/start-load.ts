import { createHash, randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { Problem } from "@quintet/http";
import type { Table } from "../tables/table.ts";
import { hasEnded, initialProgress, type LoadAttempt, type LoadOptions } from "./load.ts";
import type { LoadContext } from "./load-context.ts";
import { loadProblem } from "./load-problem.ts";
import { claimLoad, findLoadById, findLoadByKey, insertLoad, releaseKey, type StoredLoad } from "./load-queries.ts";

/** The account that requests a load; `key`: a digest of account, path and Idempotency-Key. */
export interface LoadRequester {
  accountId: number;
  username: string;
  key: string | undefined;
}

/** The digest under which a load is found by the Idempotency-Key of an account. */
export function loadKey(accountId: number, path: string, given: string): string {
  return createHash("sha256").update(`${accountId}\n${path}\n${given}`).digest("base64url");
}

/** The result of a request for a load: an attempt that may write, or a load that has ended under the same key. */
export type StartedLoad = { state: "attempt"; attempt: LoadAttempt } | { state: "ended"; kept: StoredLoad };

/**
 * Starts a load, or resumes the one that was cut off under the same key (a digest of account, path and Idempotency-Key). Throws a 409
 * while an attempt with the key is alive, a 422 when the key was used with other options. The key of a load that has failed, or is
 * older than two days, is free again.
 */
export async function startLoad(
  context: LoadContext,
  table: Table,
  options: LoadOptions,
  requester: LoadRequester,
): Promise<StartedLoad> {
  const owner = randomUUID();
  if (requester.key !== undefined) await releaseKey(context.db, requester.key);
  const id = await insertLoad(context.db, options, {
    owner,
    key: requester.key ?? null,
    accountId: requester.accountId,
    createdBy: requester.username,
  });
  if (id !== undefined) {
    return {
      state: "attempt",
      attempt: { id, owner, table, options, progress: { ...initialProgress }, resumes: false },
    };
  }
  const kept =
    requester.key === undefined
      ? undefined
      : await findLoadByKey(context.db, requester.key, context.heartbeatTimeoutMs);
  if (kept === undefined) throw inFlight();
  const { load } = kept;
  if (!hasSameOptions(kept.options, options)) {
    throw new Problem("unprocessable", "This Idempotency-Key was used for a different load.");
  }
  if (hasEnded(load.status)) return { state: "ended", kept };
  try {
    const claimed = load.status === "cut off" && (await claimLoad(context.db, load.id, kept.owner, owner));
    // Read again: the previous attempt may have committed a batch before the claim.
    const now = claimed ? await findLoadById(context.db, load.id, context.heartbeatTimeoutMs) : undefined;
    if (now?.owner !== owner) throw inFlight();
    return { state: "attempt", attempt: { id: load.id, owner, table, options, progress: now.progress, resumes: true } };
  } catch (error) {
    throw loadProblem(error, load);
  }
}

function hasSameOptions(a: LoadOptions, b: LoadOptions): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
}

function inFlight(): Problem {
  return new Problem("conflict", "A load with this Idempotency-Key is still in flight.", {
    headers: { "Retry-After": "2" },
  });
}
