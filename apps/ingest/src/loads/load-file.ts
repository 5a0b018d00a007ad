import type { Table } from "../tables/table.ts";
import type { FileBytes } from "./file-bytes.ts";
import { verifyPrefix, verifyWholeFile } from "./file-prefix.ts";
import { countsOf, type Load, type LoadCounts, type LoadOptions, type LoadReport } from "./load.ts";
import type { LoadContext } from "./load-context.ts";
import { loadProblem, replayProblem } from "./load-problem.ts";
import { runLoad } from "./run-load.ts";
import { type LoadRequester, type StartedLoad, startLoad } from "./start-load.ts";

/** A load that can run, or that has ended under the same key. */
export interface PreparedLoad {
  id: number;
  /** The counts of earlier attempts. */
  counts: LoadCounts;
  /** Whether the response is the one of an earlier request with the same key. */
  replayed: boolean;
  /** Reads the file and returns the load once it is done. */
  run(onProgress?: (report: LoadReport) => void): Promise<Load>;
}

/**
 * Prepares a load: performs all checks that are possible before the first byte is stored. What the file holds open is closed when the
 * load has ended, or could not be prepared.
 */
export async function prepareLoad(
  context: LoadContext,
  table: Table,
  options: LoadOptions,
  requester: LoadRequester,
  file: FileBytes,
): Promise<PreparedLoad> {
  const held = new DisposableStack();
  held.defer(() => {
    file.return?.().catch((error: unknown) => context.log.warn({ err: error }, "A file could not be closed"));
  });
  let started: StartedLoad;
  try {
    held.defer(context.slots.acquire(requester.accountId));
    started = await startLoad(context, table, options, requester);
  } catch (error) {
    held.dispose();
    throw error;
  }
  const { id, progress } = started.state === "ended" ? { ...started.kept, ...started.kept.load } : started.attempt;
  return {
    id,
    counts: countsOf(options, "running", progress),
    replayed: started.state === "ended",
    run(onProgress) {
      const running =
        started.state === "ended" ? replayLoad(started, file) : runLoad(context, started.attempt, file, onProgress);
      context.running.add(running);
      const forget = () => {
        context.running.delete(running);
        held.dispose();
      };
      running.then(forget, forget);
      return running;
    },
  };
}

/** Returns or throws the first outcome of a key if the file is the same. */
async function replayLoad({ kept }: StartedLoad & { state: "ended" }, file: FileBytes): Promise<Load> {
  try {
    if (kept.problem === null) await verifyWholeFile(file, kept.progress);
    else await verifyPrefix(file, kept.progress);
  } catch (error) {
    throw loadProblem(error, kept.load);
  }
  if (kept.problem !== null) throw replayProblem(kept.problem, kept.load);
  return kept.load;
}
