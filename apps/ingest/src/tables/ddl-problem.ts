import { Problem } from "@quintet/http";
import { mysqlErrorNumber } from "../store/bulk-store.ts";

/** MySQL's error numbers for a missing right. */
const denied = new Set([1044, 1142, 1227, 1370]);
/** MySQL's error numbers for a lock that another transaction holds, with NOWAIT. */
export const isLocked = new Set([1205, 3572]);
/** MySQL's error numbers for a column or an index that a foreign key needs as it is. */
const inReference = new Set([150, 1005, 1215, 1553, 1828, 1829, 1832, 1833, 1834, 3780]);
/** MySQL's error numbers for limits of a table, and what they mean. */
const limits = new Map([
  [1060, "Two columns have names that the database takes as the same: it ignores case and accents."],
  [1069, "There are too many unique columns and references: a table has up to 64 keys."],
  [1070, "There are too many columns in a key."],
  [1071, "The columns of the primary key or of a unique column are too long together: a key has up to 3,072 bytes."],
  [1117, "There are too many columns."],
  [1118, "The columns are too long together for one row: use a maxLength above 2,000, or fewer columns."],
  [1170, "A text in a key needs a maxLength of up to 255."],
]);

/** The problem for an error of a statement that makes or changes a table. */
export function alterProblem(error: unknown): unknown {
  const number = mysqlErrorNumber(error);
  const limit = limits.get(number);
  if (limit) return new Problem("unprocessable", limit, { errors: [{ path: "fields", message: limit }], cause: error });
  if (inReference.has(number)) {
    return new Problem("conflict", "Nothing was changed: a reference needs the column or its key as it is.", {
      cause: error,
    });
  }
  if (isLocked.has(number)) {
    return new Problem("conflict", "Nothing was changed: the table is being read, by a backup or an export.", {
      headers: { "Retry-After": "10" },
      cause: error,
    });
  }
  return deniedProblem(error);
}

function deniedProblem(error: unknown): unknown {
  if (!denied.has(mysqlErrorNumber(error))) return error;
  const detail =
    "The database user of this service may not do that: it needs CREATE, ALTER, INDEX, DROP and REFERENCES.";
  return new Problem("forbidden", detail, { cause: error });
}
