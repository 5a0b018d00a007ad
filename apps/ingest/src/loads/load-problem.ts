import { Problem, toProblem } from "@quintet/http";
import type { Load, LoadCounts, LoadStatus } from "./load.ts";

/** The load as a whole is refused: nothing of it is stored, and its key gives this response again. */
export class LoadFailed extends Problem {}

/** Another attempt or somebody's `DELETE` has ended this attempt. It must write nothing more. */
export class OwnershipLost extends Error {
  override name = "LoadTaken";
}

type LoadState = LoadCounts & Pick<Load, "id" | "rejectsUrl"> & { status: LoadStatus };

/** An error of a load that has begun: it tells which load that is, and what became of its rows. */
export function loadProblem(error: unknown, load: LoadState): Problem {
  const { id, status, received, inserted, updated, rejected, staged, bytes, ms, rejectsUrl } = load;
  const counts = { received, inserted, updated, rejected, staged, bytes, ms };
  return toProblem(error).with({ loadId: id, loadStatus: status, ...counts, rejectsUrl });
}

/** A problem in the form in which a load keeps it. */
export function serializeProblem(problem: Problem): string {
  return JSON.stringify({ code: problem.code, detail: problem.message, errors: problem.errors });
}

/** The problem that a load which failed or was cancelled gives to those who send it again. */
export function replayProblem(kept: string, load: LoadState): Problem {
  const { code, detail, errors } = JSON.parse(kept) as Pick<Problem, "code" | "errors"> & { detail: string };
  return loadProblem(new Problem(code, detail, errors ? { errors } : {}), load);
}

export function cancelledProblem(): Problem {
  return new Problem("conflict", "The load was cancelled.");
}
