import { Problem } from "@quintet/http";
import type { LoadOptions } from "./load.ts";
import type { StoredLoad } from "./load-queries.ts";

/**
 * The options of a load that sends the mended rejected rows of another one again: it reads the file as that one did. A file of rejected
 * rows is not the whole content of a table, so `replace` becomes `insert` and `merge` becomes `upsert`. Throws a 409 for a load whose
 * rejected rows cannot be added to what it has stored.
 */
export function retryOptions(
  { load, options, progress }: StoredLoad,
  given: Pick<LoadOptions, "dryRun" | "maxRejects" | "onError">,
): LoadOptions {
  const refuse = (why: string) => new Problem("conflict", `The rejected rows cannot be loaded: ${why}.`);
  if (load.status === "running") throw refuse("the load is still running");
  if (load.status === "cut off") throw refuse("the load was cut off. Resume it with the same file, or cancel it");
  if (load.status === "failed") throw refuse("nothing of the load is stored. Mend the whole file");
  if (load.dryRun) throw refuse("the load was a dry run. Load the whole file");
  if (load.undoneAt !== null) throw refuse("the load was undone");
  const modes = { insert: "insert", replace: "insert", upsert: "upsert", merge: "upsert" } as const;
  return {
    ...options,
    ...given,
    mode: modes[options.mode],
    header: "true",
    allowEmpty: false,
    retryOf: load.id,
    dialect: { ...(progress.facts?.dialect ?? options.dialect), header: true, skip: 0 },
    // The columns in front of the rows.
    extra: "ignore",
  };
}
