import { Problem } from "@quintet/http";
import type { Load } from "./load.ts";
import type { LoadContext } from "./load-context.ts";
import { cancelledProblem, loadProblem, serializeProblem } from "./load-problem.ts";
import { findLoadById, markCancelled } from "./load-queries.ts";
import { deleteUnneededStaged } from "./staged-queries.ts";

/**
 * Cancels a load that runs, in whatever process, or that was cut off; returns it as it then is. Its attempt learns of it at its next
 * batch or heartbeat. 409 when the load is over in another way.
 */
export async function cancelLoad(context: LoadContext, id: number): Promise<Load> {
  await markCancelled(context.db, id, serializeProblem(cancelledProblem()));
  const kept = await findLoadById(context.db, id, context.heartbeatTimeoutMs);
  if (!kept) throw new Problem("not-found", "Load not found.");
  if (kept.load.status !== "cancelled") {
    throw loadProblem(new Problem("conflict", `The load has already ended: it is ${kept.load.status}.`), kept.load);
  }
  // Its staged rows may be many, and nobody waits for them to be gone.
  deleteUnneededStaged(context.db).catch((error: unknown) =>
    context.log.warn({ err: error }, "Staged rows could not be deleted; a later load will retry"),
  );
  return kept.load;
}
