import type { FaultCode } from "../csv/fault.ts";
import type { RowBatch } from "../csv/row-batch.ts";
import type { Reject } from "../csv/row-faults.ts";
import { enoughRows } from "../csv/sniff-dialect.ts";
import { isWhole } from "../store/store-batch.ts";
import type { ColumnType } from "../tables/table.ts";
import { isStaged, type LoadOptions, type LoadProgress, rejectLimit } from "./load.ts";
import { LoadFailed, LoadStopped } from "./load-problem.ts";

type Counted = Pick<LoadProgress, "received" | "rejected" | "inserted" | "updated">;

/** A file whose first rows, so many, are all malformed is not read further: it is not what it was taken for. */
export const firstRows = 1000;
/** Faults that depend on the rows of the tables; all others are of the file alone. */
const faultsOfTables = new Set<FaultCode>(["duplicate-key", "unique", "reference"]);

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
 * file. Any load ends with a 422 when more than `maxListed` rows are rejected.
 */
export function checkRejectLimit(options: LoadOptions, counted: Counted, maxListed: number): void {
  if (counted.rejected > maxListed) throw tooManyListed(options, counted, maxListed);
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

function tooManyListed(options: LoadOptions, { inserted, updated }: Counted, max: number): LoadFailed | LoadStopped {
  const message = `more than ${max} rows were rejected`;
  const errors = [{ path: "maxRejects", message }];
  if (isStaged(options)) return new LoadFailed("unprocessable", `Nothing was stored: ${message}.`, { errors });
  const detail = `The load ended early: ${message}. The ${inserted + updated} valid rows before that are stored.`;
  return new LoadStopped("unprocessable", detail, { errors });
}

/** Whether the first rows of a file, all that were read so far, are malformed, and no `maxRejects` allows that. */
export function isHopeless(options: LoadOptions, { received, rejected, reasons }: LoadProgress): boolean {
  if (options.maxRejects !== null || received !== rejected || rejected < firstRows) return false;
  return !reasons.some(({ code }) => faultsOfTables.has(code));
}

/** Faults of rows that could not be taken apart; a single one says that the file has another dialect, unless that is known. */
const faultsOfDialect = new Set<FaultCode>(["columns", "quote"]);

/**
 * Whether all rows of a file that has been read to its end are malformed in one and the same way, and no `maxRejects` allows that:
 * the file is not what it was taken for. A value or two that cannot be read say nothing of a whole file.
 */
export function isWrong(options: LoadOptions, { received, rejected, reasons }: LoadProgress): boolean {
  const [reason, ...others] = reasons;
  if (options.maxRejects !== null || received !== rejected || reason === undefined || others.length > 0) return false;
  if (rejected < enoughRows) return options.retryOf === null && faultsOfDialect.has(reason.code);
  return !faultsOfTables.has(reason.code);
}

/** The 422 for such a file, of which `reject` is one row. `type`: of its column. */
export function wrongProblem({ rejected }: LoadProgress, { column, reason, line }: Reject, type?: ColumnType) {
  const hint = type === undefined ? undefined : hints[type];
  const rows =
    rejected === 1 ? "the only row was rejected, on line" : `all ${rejected} rows were rejected, such as line`;
  const message = `${rows} ${line}, because: ${`${column} ${reason}`.trim()}`;
  const allowed = "maxRejects=N or N% allows that, and lists the rows";
  return new LoadFailed("unprocessable", `Nothing was stored: ${message}. ${hint ? `${hint}. ` : ""}${allowed}.`, {
    errors: [{ path: column || "file", message }],
  });
}

/** The parameters that say how the values of a type are written. */
const hints: Partial<Record<ColumnType, string>> = {
  number: "decimal= and thousands= say how numbers are written, without signs of currencies or percent",
  boolean: "trueValues= and falseValues= say what is true and false",
  date: "dateFormat= says how dates are written",
  datetime: "dateFormat= says how dates and times are written",
};

/** The 422 for a file whose rows so far, the last of which are in `batch`, are all malformed. */
export function hopelessProblem({ rejected }: LoadProgress, { rejects }: RowBatch): LoadFailed {
  const reasons = [...Map.groupBy(rejects, ({ column, reason }) => `${column} ${reason}`.trim())];
  const [reason, { length: count }] = reasons.reduce((most, other) =>
    other[1].length > most[1].length ? other : most,
  );
  const share = count === rejects.length ? "each" : "most";
  const message = `the first ${rejected} rows were all rejected, ${share} because: ${reason}`;
  return new LoadFailed("unprocessable", `Nothing was stored: ${message}. maxRejects=N or N% allows more.`, {
    errors: [{ path: rejects[0]?.column || "file", message }],
  });
}
