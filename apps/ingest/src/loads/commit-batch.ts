import { deadline } from "@quintet/http";
import type { RowBatch } from "../csv/row-batch.ts";
import { countRows } from "../row-metrics.ts";
import { inBulkTransaction, YieldLocks } from "../store/bulk-store.ts";
import { storeBatch } from "../store/store-batch.ts";
import { lockDefinition } from "../tables/definitions.ts";
import { isStaged, type LoadAttempt, type LoadProgress, withReasons } from "./load.ts";
import type { LoadContext } from "./load-context.ts";
import { OwnershipLost } from "./load-problem.ts";
import { saveProgress } from "./load-queries.ts";
import { insertRejects } from "./reject-queries.ts";

/**
 * How long a batch keeps its locks while it waits for the batch before it. That batch may be waiting for another load which waits
 * for these locks: a deadlock that the server cannot detect.
 */
const maxLockWaitMs = 2000;

/** A position in the file between two lines, up to which every row is stored or rejected. */
export type FilePosition = Pick<LoadProgress, "bytes" | "lines" | "digest" | "fieldOrder" | "bytesSent" | "bytesTotal">;

/**
 * Stores the rows of a batch, its rejects and the progress of the load in one transaction, so that a row is counted if and only if
 * it is stored or listed. `previous` resolves when the batch before it is committed: batches are stored in parallel and committed
 * in the order of the file.
 */
export async function commitBatch(
  context: LoadContext,
  attempt: LoadAttempt,
  batch: RowBatch,
  position: FilePosition,
  { ms, previous }: { ms: number; previous: Promise<void> },
): Promise<void> {
  const staged = isStaged(attempt.options);
  let yielded = false;
  const { before, progress } = await inBulkTransaction(context.bulk, async (connection) => {
    if (yielded) await previous;
    await lockDefinition(connection, attempt.table);
    const storing = { mode: attempt.options.mode, load: attempt.id, staged };
    const stored = await storeBatch(context.bulk, connection, batch, storing);
    const rejects = [...batch.rejects, ...stored.rejects];
    await insertRejects(connection, attempt.id, rejects);
    yielded = await deadline(
      previous.then(() => false),
      maxLockWaitMs,
      () => true,
    );
    if (yielded) throw new YieldLocks();
    const before = attempt.progress;
    const after: LoadProgress = {
      ...before,
      ...position,
      ms,
      received: before.received + batch.received,
      inserted: before.inserted + stored.inserted,
      updated: before.updated + stored.updated,
      rejected: before.rejected + rejects.length,
      staged: before.staged + stored.staged,
      written: before.written === null ? null : before.written + stored.written,
      reasons: withReasons(before.reasons, rejects),
    };
    if (!(await saveProgress(connection, attempt.id, attempt.owner, after))) throw new OwnershipLost();
    return { before, progress: after };
  });
  attempt.progress = progress;
  // Staged rows are counted when they are moved into the table.
  const accepted = progress.inserted + progress.updated - before.inserted - before.updated;
  if (!staged) countRows(attempt.options.table, accepted, progress.rejected - before.rejected);
}
