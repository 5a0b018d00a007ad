import { Problem } from "@quintet/http";
import { countRows } from "../row-metrics.ts";
import { inBulkTransaction } from "../store/bulk-store.ts";
import { stagedCount, storeStaged } from "../store/staged-rows.ts";
import { tableOf } from "../tables.ts";
import type { FilePlace } from "./commit-batch.ts";
import { holdsBack, type LoadAttempt } from "./load.ts";
import { LoadRefused, LoadTaken } from "./load-problem.ts";
import { endLoad, saveProgress } from "./load-queries.ts";
import type { Loading } from "./loading.ts";
import { refuseOutcome } from "./reject-limit.ts";

/** Rows that a load has staged are not there any more. It has to begin anew. */
export class StagedRowsGone extends Problem {
  constructor(counted: number, there: number) {
    const detail = `Of ${counted} rows that this load had staged ${there} are left. Nothing was stored; send the file again.`;
    super("conflict", detail, { headers: { "Retry-After": "1" } });
  }
}

/**
 * The last step of a load: its whole file is read, and every batch is committed. What was staged is compared with what was counted
 * and moves into the table, all of it or, when that is refused, nothing.
 */
export async function finishLoad(
  loading: Loading,
  attempt: LoadAttempt,
  end: FilePlace,
  elapsedMs: () => number,
): Promise<void> {
  const { id, owner, order, progress } = attempt;
  refuseOutcome(order, progress);
  await inBulkTransaction(loading.bulk, async (connection) => {
    if (holdsBack(order)) {
      const table = tableOf(order.table);
      const there = await stagedCount(connection, table, id);
      if (there !== progress.staged) throw new StagedRowsGone(progress.staged, there);
      await storeStaged(connection, table, { ...order, load: id }).catch(refused);
    }
    const ms = elapsedMs();
    const saved = await saveProgress(connection, id, owner, { ...progress, ...end, ms });
    if (!saved || !(await endLoad(connection, id, owner, { status: "done", ms }))) throw new LoadTaken();
  });
  if (holdsBack(order) && !order.dryRun)
    countRows(order.table, progress.inserted + progress.updated, progress.rejected);
}

/** What the tables do not allow is the end of the load. */
function refused(error: unknown): never {
  if (!(error instanceof Problem) || error.status >= 500) throw error;
  throw new LoadRefused(error.code, error.message, error.errors ? { errors: error.errors } : {});
}
