import { Problem } from "@quintet/http";
import { countRows } from "../row-metrics.ts";
import { inBulkTransaction } from "../store/bulk-store.ts";
import { findDifferences } from "../store/differences.ts";
import { stagedCount, storeStaged } from "../store/staged-rows.ts";
import { lockDefinition } from "../tables/definitions.ts";
import type { FilePosition } from "./commit-batch.ts";
import { isStaged, type LoadAttempt } from "./load.ts";
import type { LoadContext } from "./load-context.ts";
import { LoadFailed, OwnershipLost } from "./load-problem.ts";
import { endLoad, saveProgress } from "./load-queries.ts";
import { checkOutcome } from "./reject-limit.ts";

/** Staged rows of a load are missing. The load must start over. */
export class StagedRowsLost extends Problem {
  constructor(counted: number, there: number) {
    const detail = `Only ${there} of the ${counted} staged rows are left. Nothing was stored; send the file again.`;
    super("conflict", detail, { headers: { "Retry-After": "1" } });
  }
}

/**
 * The last step of a load, after the whole file is read and every batch is committed. Compares the number of staged rows with the
 * count and moves them into the table: all of them or, on an error, none.
 */
export async function finishLoad(
  context: LoadContext,
  attempt: LoadAttempt,
  end: FilePosition,
  elapsedMs: () => number,
): Promise<void> {
  const { id, owner, table, options, progress } = attempt;
  checkOutcome(options, progress);
  await inBulkTransaction(context.bulk, async (connection) => {
    await lockDefinition(connection, table);
    let { deleted, written } = progress;
    if (isStaged(options)) {
      const there = await stagedCount(connection, table, id);
      if (there !== progress.staged) throw new StagedRowsLost(progress.staged, there);
      ({ deleted, written } = await storeStaged(connection, table, { ...options, load: id }).catch(throwAsFailed));
    }
    const differences = options.dryRun ? await findDifferences(connection, table, id, options.mode) : null;
    const ms = elapsedMs();
    const after = { ...progress, ...end, deleted, written, differences, ms };
    const saved = await saveProgress(connection, id, owner, after);
    if (!saved || !(await endLoad(connection, id, owner, { status: "done", ms }))) throw new OwnershipLost();
  });
  if (isStaged(options) && !options.dryRun)
    countRows(options.table, progress.inserted + progress.updated, progress.rejected);
}

/** An error caused by the data, such as a broken reference, ends the load as failed. */
function throwAsFailed(error: unknown): never {
  if (!(error instanceof Problem) || error.status >= 500) throw error;
  throw new LoadFailed(error.code, error.message, error.errors ? { errors: error.errors } : {});
}
