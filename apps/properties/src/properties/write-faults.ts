import { Problem } from "@quintet/http";

/**
 * Errors of the server that mean that a team's tables do not take a row that this API makes: no value for a column, a value that is too
 * long, out of range or not allowed, a character that the column's character set lacks, a duplicate, a foreign key, a CHECK (MariaDB and
 * MySQL), a SIGNAL of a trigger.
 */
const refusals = new Set([1048, 1062, 1264, 1265, 1267, 1364, 1366, 1406, 1452, 1644, 3819, 3854, 4025]);

/** Runs a write to a team's tables. Throws `unprocessable` with the reason of the server when they do not take the row. */
export async function writeTheirs<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof Error && "errno" in error && refusals.has(Number(error.errno)))) throw error;
    throw new Problem("unprocessable", `The database does not take this row: ${error.message}.`, { cause: error });
  }
}
