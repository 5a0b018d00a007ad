import { isWhole } from "../store/store-batch.ts";
import { type LoadOptions, type LoadProgress, rejectLimit } from "./load.ts";
import { LoadFailed } from "./load-problem.ts";

type Counted = Pick<LoadProgress, "received" | "rejected" | "inserted" | "updated">;

/**
 * Throws a 422 when a complete file has more rejected rows than the load allows, or would empty the table without `allowEmpty`.
 */
export function checkOutcome(options: LoadOptions, counted: Counted): void {
  const limit = rejectLimit(options);
  if (limit !== null && exceeds(limit, counted)) throw tooManyRejects(limit, counted);
  if (!isWhole(options.mode) || options.allowEmpty || counted.inserted + counted.updated > 0) return;
  const message = `the file has no valid row, so ${options.table} would become empty`;
  throw new LoadFailed("unprocessable", `Nothing was stored: ${message}. allowEmpty=true allows that.`, {
    errors: [{ path: "allowEmpty", message }],
  });
}

/**
 * Throws a 422 as soon as a load with `onError=abort` has too many rejected rows; a percentage is known only at the end of the
 * file.
 */
export function checkRejectLimit(options: LoadOptions, counted: Counted): void {
  const limit = rejectLimit(options);
  if (options.onError !== "abort" || limit === null || limit.endsWith("%")) return;
  if (exceeds(limit, counted)) throw tooManyRejects(limit, counted);
}

function exceeds(limit: string, { received, rejected }: Counted): boolean {
  if (!limit.endsWith("%")) return rejected > Number(limit);
  return rejected * 100 > Number(limit.slice(0, -1)) * received;
}

function tooManyRejects(limit: string, { received, rejected }: Counted): LoadFailed {
  const message = `${rejected} of ${received} rows were rejected; the maximum is ${limit}`;
  return new LoadFailed("unprocessable", `Nothing was stored: ${message}. maxRejects=N or N% allows more.`, {
    errors: [{ path: "maxRejects", message }],
  });
}
