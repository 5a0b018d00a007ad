import { Problem } from "@quintet/http";
import { abortable, type FileBytes } from "./file-bytes.ts";
import { verifyPrefix } from "./file-prefix.ts";
import { finishLoad, StagedRowsLost } from "./finish-load.ts";
import { countsOf, isStaged, type Load, type LoadAttempt, type LoadReport, rejectsUrl, reportOf } from "./load.ts";
import type { LoadContext } from "./load-context.ts";
import {
  cancelledProblem,
  LoadFailed,
  LoadStopped,
  loadProblem,
  OwnershipLost,
  serializeProblem,
} from "./load-problem.ts";
import { endLoad, findLoadById, heartbeat } from "./load-queries.ts";
import { deleteEarlierRows, deleteUnneededStaged, resetLoad } from "./staged-queries.ts";
import { storeFile } from "./store-file.ts";

/**
 * Runs one attempt at a load and returns the load. Calls `onProgress` after every committed batch. Every error has the id and the
 * counts of the load.
 *
 * A load fails only when it is refused as a whole (`LoadFailed`). Any other error, such as an incomplete file or an unavailable store,
 * cuts it off: committed rows stay, and the same key resumes it from there.
 */
export async function runLoad(
  context: LoadContext,
  attempt: LoadAttempt,
  file: FileBytes,
  onProgress: (report: LoadReport) => void = () => {},
): Promise<Load> {
  const begun = performance.now() - attempt.progress.ms;
  const elapsedMs = () => Math.round(performance.now() - begun);
  const body = abortable(file);
  const heartbeatTimer = setInterval(() => {
    heartbeat(context.db, attempt.id, attempt.owner).then(
      (mine) => mine || body.abort(new OwnershipLost()),
      (error: unknown) => context.log.warn({ err: error }),
    );
  }, context.heartbeatTimeoutMs / 15);
  const tell = () => onProgress(reportOf(attempt.options, attempt.progress));
  const sent = () => ({ bytesSent: file.sent?.bytes ?? null, bytesTotal: file.sent?.total ?? null });
  try {
    if (attempt.resumes && attempt.progress.bytes === 0) await deleteEarlierRows(context.db, attempt);
    const { hash, rest: first } = await verifyPrefix(body, attempt.progress);
    const rest = { first, file: body, hash, format: file.format, dialect: file.dialect };
    const end = await storeFile(context, attempt, rest, { elapsedMs, sent, onProgress: tell });
    await finishLoad(context, attempt, end, elapsedMs);
    await deleteStagedRows(context, attempt);
    return await reloadLoad(context, attempt);
  } catch (error) {
    const problem = await recordFailure(context, attempt, error, elapsedMs());
    if (problem.status < 500) await deleteStagedRows(context, attempt);
    throw problem;
  } finally {
    clearInterval(heartbeatTimer);
  }
}

/** Deletes the staged rows of a load that has ended. */
async function deleteStagedRows(context: LoadContext, attempt: LoadAttempt): Promise<void> {
  if (!isStaged(attempt.options)) return;
  await deleteUnneededStaged(context.db).catch((error: unknown) =>
    context.log.warn({ err: error }, "Staged rows could not be deleted; a later load will retry"),
  );
}

async function reloadLoad(context: LoadContext, attempt: LoadAttempt): Promise<Load> {
  const kept = await findLoadById(context.db, attempt.id, context.heartbeatTimeoutMs);
  if (!kept) throw new Error(`Load ${attempt.id} does not exist any more.`);
  return kept.load;
}

/** Records how an attempt ended early and returns the problem for its client. */
async function recordFailure(context: LoadContext, attempt: LoadAttempt, error: unknown, ms: number): Promise<Problem> {
  const { id, owner, options, progress } = attempt;
  const ends = error instanceof LoadFailed || error instanceof LoadStopped;
  const status = !ends ? "cut off" : error instanceof LoadFailed ? "failed" : "cancelled";
  try {
    if (error instanceof StagedRowsLost) await resetLoad(context.db, id, owner);
    const problem = ends ? { problem: serializeProblem(error) } : {};
    const mine = await endLoad(context.db, id, owner, { status, ms, ...problem });
    const load = await reloadLoad(context, attempt);
    // The attempt may have lost its connection while the load was taken over and cut off again.
    if (mine || load.status === "cut off") return loadProblem(error, load);
    if (load.status === "cancelled") return loadProblem(cancelledProblem(), load);
    return loadProblem(
      new Problem("conflict", "Another request with this Idempotency-Key has taken over the load."),
      load,
    );
  } catch (fault) {
    context.log.warn({ err: fault }, "The end of a load could not be recorded");
    return loadProblem(error, { id, status, ...countsOf(options, status, progress), ms, rejectsUrl: rejectsUrl(id) });
  }
}
