import { Problem } from "@quintet/http";
import type { Load } from "./load.ts";
import { cancelledProblem, keptProblem, problemOfLoad } from "./load-problem.ts";
import { cancelLoad, loadById } from "./load-queries.ts";
import type { Loading } from "./loading.ts";
import { forgetStaged } from "./staged-queries.ts";

/**
 * Cancels a load that runs, in whatever process, or that was cut off; returns it as it then is. Its attempt learns of it at its next
 * batch or heartbeat. 409 when the load is over in another way.
 */
export async function stopLoad(loading: Loading, id: number): Promise<Load> {
  await cancelLoad(loading.db, id, keptProblem(cancelledProblem()));
  const kept = await loadById(loading.db, id, loading.deadAfterMs);
  if (!kept) throw new Problem("not-found", "There is no such load.");
  if (kept.load.status !== "cancelled") {
    throw problemOfLoad(new Problem("conflict", `The load is over already: it is ${kept.load.status}.`), kept.load);
  }
  // Its staged rows may be many, and nobody waits for them to be gone.
  forgetStaged(loading.db).catch((error: unknown) =>
    loading.log.warn({ err: error }, "staged rows are left to a later load to forget"),
  );
  return kept.load;
}
