import type { FileBytes } from "./file-bytes.ts";
import { sameFile, skipPrefix } from "./file-prefix.ts";
import { countsOf, type Load, type LoadCounts, type LoadOrder } from "./load.ts";
import { againProblem, problemOfLoad } from "./load-problem.ts";
import type { Loading } from "./loading.ts";
import { runLoad } from "./run-load.ts";
import { type StartedLoad, startLoad } from "./start-load.ts";

/** A load that may run, or was run before under the same key. */
export interface PreparedLoad {
  id: number;
  /** How far an attempt before this one has come. */
  counts: LoadCounts;
  /** Whether this is the answer to an earlier request with the same key. */
  replayed: boolean;
  /** Reads the file and returns the load when it is done. */
  run(onProgress?: (counts: LoadCounts) => void): Promise<Load>;
}

/** Prepares to load a file: everything that can be refused before its first byte is stored is refused here. */
export async function prepareLoad(
  loading: Loading,
  order: LoadOrder,
  by: { accountId: number; username: string; key: string | undefined },
  file: FileBytes,
): Promise<PreparedLoad> {
  const leave = loading.places.take(by.accountId);
  const started = await startLoad(loading, order, by).catch((error: unknown) => {
    leave();
    throw error;
  });
  const { id, progress } = started.state === "ended" ? { ...started.kept, ...started.kept.load } : started.attempt;
  return {
    id,
    counts: countsOf(order, "running", progress),
    replayed: started.state === "ended",
    run(onProgress) {
      const running =
        started.state === "ended" ? answerAgain(started, file) : runLoad(loading, started.attempt, file, onProgress);
      loading.running.add(running);
      const forget = () => {
        loading.running.delete(running);
        leave();
      };
      running.then(forget, forget);
      return running;
    },
  };
}

/** The first response to a key, if the file is the same. */
async function answerAgain({ kept }: StartedLoad & { state: "ended" }, file: FileBytes): Promise<Load> {
  try {
    if (kept.problem === null) await sameFile(file, kept.progress);
    else await skipPrefix(file, kept.progress);
  } catch (error) {
    throw problemOfLoad(error, kept.load);
  }
  if (kept.problem !== null) throw againProblem(kept.problem, kept.load);
  return kept.load;
}
