import { deadline } from "@quintet/http";
import type { RowBatch } from "../csv/row-batch.ts";
import { countRows } from "../row-metrics.ts";
import { inBulkTransaction, StandBack } from "../store/bulk-store.ts";
import { storeBatch } from "../store/store-batch.ts";
import { holdsBack, type LoadAttempt, type LoadProgress } from "./load.ts";
import { LoadTaken } from "./load-problem.ts";
import { saveProgress } from "./load-queries.ts";
import type { Loading } from "./loading.ts";
import { keepRejects } from "./reject-queries.ts";

/**
 * So long a batch keeps its locks while it waits for its turn. The batch before it may be waiting for another load that waits for
 * these locks, a circle that the server cannot see.
 */
const holdMs = 2000;

/** A place in the file between two lines, up to which everything is stored or rejected. */
export type FilePlace = Pick<LoadProgress, "bytes" | "lines" | "digest" | "order">;

/**
 * Stores the rows of a batch, keeps its rejects and writes down how far the load has come, in one transaction: whatever happens,
 * a row is counted if and only if it is stored or listed. `turn` is when the batch before it is committed: batches are stored side by
 * side, and committed in the order of the file.
 */
export async function commitBatch(
  loading: Loading,
  attempt: LoadAttempt,
  batch: RowBatch,
  place: FilePlace,
  options: { ms: number; turn: Promise<void> },
): Promise<void> {
  const held = holdsBack(attempt.order);
  let standsBack = false;
  const { before, progress } = await inBulkTransaction(loading.bulk, async (connection) => {
    if (standsBack) await options.turn;
    const storing = { mode: attempt.order.mode, load: attempt.id, held };
    const stored = await storeBatch(loading.bulk, connection, batch, storing);
    const rejects = [...batch.rejects, ...stored.rejects];
    await keepRejects(loading.bulk, connection, attempt.id, rejects);
    standsBack = await deadline(
      options.turn.then(() => false),
      holdMs,
      () => true,
    );
    if (standsBack) throw new StandBack();
    const before = attempt.progress;
    const after: LoadProgress = {
      ...place,
      ms: options.ms,
      received: before.received + batch.received,
      inserted: before.inserted + stored.inserted,
      updated: before.updated + stored.updated,
      rejected: before.rejected + rejects.length,
      staged: before.staged + stored.staged,
    };
    if (!(await saveProgress(connection, attempt.id, attempt.owner, after))) throw new LoadTaken();
    return { before, progress: after };
  });
  attempt.progress = progress;
  // What is held back counts when it is stored.
  const accepted = progress.inserted + progress.updated - before.inserted - before.updated;
  if (!held) countRows(attempt.order.table, accepted, progress.rejected - before.rejected);
}
