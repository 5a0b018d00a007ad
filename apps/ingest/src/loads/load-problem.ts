import { Problem, toProblem } from "@quintet/http";
import type { Load, LoadCounts, LoadStatus } from "./load.ts";

/** The load as a whole is refused: nothing of it is stored, and its key gives this response again. */
export class LoadRefused extends Problem {}

/** Another attempt or somebody's `DELETE` has ended this attempt. It must write nothing more. */
export class LoadTaken extends Error {
  override name = "LoadTaken";
}

type Ended = LoadCounts & Pick<Load, "id" | "rejectsUrl"> & { status: LoadStatus };

/** An error of a load that has begun: it tells which load that is, and what became of its rows. */
export function problemOfLoad(error: unknown, load: Ended): Problem {
  const { id, status, received, inserted, updated, rejected, staged, bytes, ms, rejectsUrl } = load;
  const counts = { received, inserted, updated, rejected, staged, bytes, ms };
  return toProblem(error).with({ loadId: id, loadStatus: status, ...counts, rejectsUrl });
}

/** A problem in the form in which a load keeps it. */
export function keptProblem(problem: Problem): string {
  return JSON.stringify({ code: problem.code, detail: problem.message, errors: problem.errors });
}

/** The problem that a load which failed or was cancelled gives to those who send it again. */
export function againProblem(kept: string, load: Ended): Problem {
  const { code, detail, errors } = JSON.parse(kept) as Pick<Problem, "code" | "errors"> & { detail: string };
  return problemOfLoad(new Problem(code, detail, errors ? { errors } : {}), load);
}

export function cancelledProblem(): Problem {
  return new Problem("conflict", "The load was cancelled.");
}
