import { Problem } from "@quintet/http";
import { type FileBytes, stoppable } from "./file-bytes.ts";
import { skipPrefix } from "./file-prefix.ts";
import { finishLoad, StagedRowsGone } from "./finish-load.ts";
import { countsOf, holdsBack, type Load, type LoadAttempt, type LoadCounts, rejectsUrl } from "./load.ts";
import { cancelledProblem, keptProblem, LoadRefused, LoadTaken, problemOfLoad } from "./load-problem.ts";
import { beatLoad, endLoad, loadById } from "./load-queries.ts";
import type { Loading } from "./loading.ts";
import { clearLoad, forgetStaged, giveUpStaged } from "./staged-queries.ts";
import { storeFile } from "./store-file.ts";

/**
 * Runs one attempt at a load to its end and returns the load. `onProgress` hears of every batch that was committed. Every error
 * tells the load's id and its counts.
 *
 * A load fails only when it is refused as a whole (`LoadRefused`). Anything else, whether the file ends badly, a store goes away or a
 * statement goes wrong, leaves it cut off: what was committed stays, and the same key goes on from there.
 */
export async function runLoad(
  loading: Loading,
  attempt: LoadAttempt,
  file: FileBytes,
  onProgress: (counts: LoadCounts) => void = () => {},
): Promise<Load> {
  const begun = performance.now() - attempt.progress.ms;
  const elapsedMs = () => Math.round(performance.now() - begun);
  const body = stoppable(file);
  const heart = setInterval(() => {
    beatLoad(loading.db, attempt.id, attempt.owner).then(
      (mine) => mine || body.stop(new LoadTaken()),
      (error: unknown) => loading.log.warn({ err: error }),
    );
  }, loading.deadAfterMs / 15);
  const tell = () => onProgress(countsOf(attempt.order, "running", attempt.progress));
  try {
    if (attempt.resumes && attempt.progress.bytes === 0) await clearLoad(loading.db, attempt);
    const { hash, rest } = await skipPrefix(body, attempt.progress);
    const end = await storeFile(loading, attempt, { first: rest, file: body, hash }, { elapsedMs, onProgress: tell });
    await finishLoad(loading, attempt, end, elapsedMs);
    await forget(loading, attempt);
    return await found(loading, attempt);
  } catch (error) {
    const problem = await endBadly(loading, attempt, error, elapsedMs());
    if (problem.status < 500) await forget(loading, attempt);
    throw problem;
  } finally {
    clearInterval(heart);
  }
}

/** Staged rows are of no use once a load is over. */
async function forget(loading: Loading, attempt: LoadAttempt): Promise<void> {
  if (!holdsBack(attempt.order)) return;
  await forgetStaged(loading.db).catch((error: unknown) =>
    loading.log.warn({ err: error }, "staged rows are left to a later load to forget"),
  );
}

async function found(loading: Loading, attempt: LoadAttempt): Promise<Load> {
  const kept = await loadById(loading.db, attempt.id, loading.deadAfterMs);
  if (!kept) throw new Error(`Load ${attempt.id} is gone.`);
  return kept.load;
}

/** Writes down how an attempt ended that did not come to the end of its load; the problem that its client gets. */
async function endBadly(loading: Loading, attempt: LoadAttempt, error: unknown, ms: number): Promise<Problem> {
  const { id, owner, order, progress } = attempt;
  const status = error instanceof LoadRefused ? "failed" : "cut off";
  try {
    if (error instanceof StagedRowsGone) await giveUpStaged(loading.db, id, owner);
    const problem = error instanceof LoadRefused ? { problem: keptProblem(error) } : {};
    const mine = await endLoad(loading.db, id, owner, { status, ms, ...problem });
    const load = await found(loading, attempt);
    // Whoever stood still while it was taken may have been parted from the store as well.
    if (mine || load.status === "cut off") return problemOfLoad(error, load);
    if (load.status === "cancelled") return problemOfLoad(cancelledProblem(), load);
    return problemOfLoad(
      new Problem("conflict", "Another request with this Idempotency-Key has taken the load over."),
      load,
    );
  } catch (fault) {
    loading.log.warn({ err: fault }, "the end of a load could not be written down");
    return problemOfLoad(error, { id, status, ...countsOf(order, status, progress), ms, rejectsUrl: rejectsUrl(id) });
  }
}
