import { Problem } from "@quintet/http";
import type { Load } from "./load.ts";
import type { LoadContext } from "./load-context.ts";
import { cancelledProblem, loadProblem, serializeProblem } from "./load-problem.ts";
import { findLoadById, markCancelled } from "./load-queries.ts";
import { deleteUnneededStaged } from "./staged-queries.ts";

/**
 * Cancels a load that is running, in any process, or was cut off, and returns it. Its attempt stops at its next batch or heartbeat.
 * Throws a 409 when the load is done or has failed.
 */
export async function cancelLoad(context: LoadContext, id: number): Promise<Load> {
  await markCancelled(context.db, id, serializeProblem(cancelledProblem()));
  const kept = await findLoadById(context.db, id, context.heartbeatTimeoutMs);
  if (!kept) throw new Problem("not-found", "Load not found.");
  if (kept.load.status !== "cancelled") {
    throw loadProblem(new Problem("conflict", `The load has already ended: it is ${kept.load.status}.`), kept.load);
  }
  // In the background: there may be many staged rows, and the response need not wait.
  deleteUnneededStaged(context.db).catch((error: unknown) =>
    context.log.warn({ err: error }, "Staged rows could not be deleted; a later load will retry"),
  );
  return kept.load;
}
