import { Problem } from "@quintet/http";
import { inBulkTransaction } from "../store/bulk-store.ts";
import { forgetAbandoned, forgetStaged, refuseReplacing, replaceByStaged } from "../store/whole-table.ts";
import { tableOf } from "../tables.ts";
import { type FilePlace, LoadTaken } from "./commit-batch.ts";
import { FileBrokenOff, type FileBytes, skipPrefix } from "./file-prefix.ts";
import type { Load, LoadAttempt, LoadCounts } from "./load.ts";
import { beatLoad, endLoad, loadById, saveProgress } from "./load-queries.ts";
import type { Loading } from "./loading.ts";
import { storeFile } from "./store-file.ts";

/**
 * Runs one attempt at a load to its end and returns the load. `onProgress` hears of every batch that was committed.
 *
 * A file that breaks off, or a store that goes away, leaves the load cut off: what was committed stays, and the same key goes on from there.
 * A problem below 500 is the load's answer: it fails, and gives that answer again.
 */
export async function runLoad(
  loading: Loading,
  attempt: LoadAttempt,
  file: FileBytes,
  options: { resumable: boolean; onProgress?: (counts: LoadCounts) => void },
): Promise<Load> {
  const begun = performance.now() - attempt.progress.ms;
  const elapsedMs = () => Math.round(performance.now() - begun);
  const heart = setInterval(() => {
    beatLoad(loading.db, attempt.id, attempt.owner).catch((error: unknown) => loading.log.warn({ err: error }));
  }, loading.deadAfterMs / 4);
  let readingPrefix = true;
  try {
    const { hash, rest } = await skipPrefix(file, attempt.progress);
    readingPrefix = false;
    const clock = { elapsedMs, onProgress: options.onProgress ?? (() => {}) };
    const end = await storeFile(loading, attempt, { first: rest, file, hash }, clock);
    await finish(loading, attempt, end, elapsedMs);
    await forgetRows(loading, attempt);
  } catch (error) {
    if (error instanceof LoadTaken) {
      throw new Problem("conflict", "Another request with this Idempotency-Key has taken the load over.");
    }
    const decided = error instanceof Problem && error.status < 500 && !(error instanceof FileBrokenOff);
    const refused = decided && !readingPrefix ? error : undefined;
    await endLoad(loading.db, attempt.id, attempt.owner, {
      status: refused ? "failed" : "cut off",
      ms: elapsedMs(),
      ...(refused ? { problem: keptProblem(refused) } : {}),
    }).catch((fault: unknown) => loading.log.warn({ err: fault }, "the end of a load could not be written down"));
    if (refused || !options.resumable) await forgetRows(loading, attempt);
    throw error;
  } finally {
    clearInterval(heart);
  }
  const kept = await loadById(loading.db, attempt.id, loading.deadAfterMs);
  if (!kept) throw new Error(`Load ${attempt.id} is gone.`);
  return kept.load;
}

/** The last step: the whole file is read, and every batch of it is committed. */
async function finish(loading: Loading, attempt: LoadAttempt, end: FilePlace, elapsedMs: () => number): Promise<void> {
  const { id, owner, order } = attempt;
  const table = tableOf(order.table);
  await inBulkTransaction(loading.bulk, async (connection) => {
    if (order.mode === "replace") {
      if (order.dryRun) await refuseReplacing(connection, table, id);
      else await replaceByStaged(connection, table, id);
    }
    const ms = elapsedMs();
    const saved = await saveProgress(connection, id, owner, { ...attempt.progress, ...end, ms });
    if (!saved || !(await endLoad(connection, id, owner, { status: "done", ms }))) throw new LoadTaken();
  });
}

/** Staged rows are of no use once the load has ended. */
async function forgetRows(loading: Loading, attempt: LoadAttempt): Promise<void> {
  const { mode, dryRun, table } = attempt.order;
  if (mode !== "replace" && !dryRun) return;
  await forgetStaged(loading.db, tableOf(table), attempt.id)
    .then(() => forgetAbandoned(loading.db))
    .catch((error: unknown) => loading.log.warn({ err: error }, "staged rows are left to a later load to forget"));
}

/** A problem in the form in which a load keeps it. */
function keptProblem(problem: Problem): string {
  return JSON.stringify({ code: problem.code, detail: problem.message, errors: problem.errors });
}

/** The problem that a failed load answered. */
export function problemOf(kept: string): Problem {
  const { code, detail, errors } = JSON.parse(kept) as Pick<Problem, "code" | "errors"> & { detail: string };
  return new Problem(code, detail, errors ? { errors } : {});
}
