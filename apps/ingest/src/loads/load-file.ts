import { Problem } from "@quintet/http";
import { loadsRunning } from "../row-metrics.ts";
import { type FileBytes, sameFile, skipPrefix } from "./file-prefix.ts";
import type { Load, LoadCounts, LoadOrder } from "./load.ts";
import { type Loading, maxRunning } from "./loading.ts";
import { problemOf, runLoad } from "./run-load.ts";
import { type StartedLoad, startLoad } from "./start-load.ts";

/** A load that may run, or was run before under the same key. */
export interface PreparedLoad {
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
  if (loading.running.size >= maxRunning) {
    throw new Problem("unavailable", `${maxRunning} loads run here already.`, { headers: { "Retry-After": "5" } });
  }
  const started = await startLoad(loading, order, by);
  return {
    replayed: started.state === "ended",
    run(onProgress) {
      const running =
        started.state === "ended"
          ? answerAgain(started, file)
          : runLoad(loading, started.attempt, file, {
              resumable: by.key !== undefined,
              ...(onProgress ? { onProgress } : {}),
            });
      loading.running.add(running);
      loadsRunning.inc();
      const forget = () => {
        loading.running.delete(running);
        loadsRunning.dec();
      };
      running.then(forget, forget);
      return running;
    },
  };
}

/** The first answer to a key, if the file is the same. */
async function answerAgain({ kept }: StartedLoad & { state: "ended" }, file: FileBytes): Promise<Load> {
  if (kept.problem !== null) {
    await skipPrefix(file, kept.progress);
    throw problemOf(kept.problem);
  }
  await sameFile(file, kept.progress);
  return kept.load;
}
