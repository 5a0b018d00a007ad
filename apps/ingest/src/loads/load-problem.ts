import { Problem, toProblem } from "@quintet/http";
import type { Load, LoadCounts, LoadStatus } from "./load.ts";

/** The load is refused as a whole: nothing of it is stored, and its key returns this error again. */
export class LoadFailed extends Problem {}

/** The load ends early: what is stored stays, it counts as cancelled, and its key returns this error again. */
export class LoadStopped extends Problem {}

/** Another attempt has taken over the load, or it was cancelled. This attempt must write nothing more. */
export class OwnershipLost extends Error {
  override name = "OwnershipLost";
}

type LoadState = LoadCounts & Pick<Load, "id" | "rejectsUrl"> & { status: LoadStatus };

/** An error of a load that has started, with the id and the counts of the load. */
export function loadProblem(error: unknown, load: LoadState): Problem {
  const { id, status, received, inserted, updated, rejected, staged, bytes, ms, rejectsUrl } = load;
  const counts = { received, inserted, updated, rejected, staged, bytes, ms };
  return toProblem(error).with({ loadId: id, loadStatus: status, ...counts, rejectsUrl });
}

/** A problem in the form in which it is stored with a load. */
export function serializeProblem(problem: Problem): string {
  return JSON.stringify({ code: problem.code, detail: problem.message, errors: problem.errors });
}

/** The stored problem of a load that failed or was cancelled, for a request that sends it again. */
export function replayProblem(kept: string, load: LoadState): Problem {
  const { code, detail, errors } = JSON.parse(kept) as Pick<Problem, "code" | "errors"> & { detail: string };
  return loadProblem(new Problem(code, detail, errors ? { errors } : {}), load);
}

export function cancelledProblem(): Problem {
  return new Problem("conflict", "The load was cancelled.");
}
