import { HTTPException } from "hono/http-exception";
import { fullStorage } from "./full-storage.ts";
import { Problem, problemCodeOf } from "./problem.ts";

/** Error codes of drivers and sockets that mean "a store is away", not "this request is wrong". */
const unavailableCodes = new Set([
  "OUTCOME_UNKNOWN",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOENT",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENOTFOUND",
  "PROTOCOL_CONNECTION_LOST",
  "PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR",
  "ER_SERVER_SHUTDOWN",
  "ER_CON_COUNT_ERROR",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "PROTOCOL_VIOLATION",
  "57P01",
  "57P02",
  "57P03",
  "53300",
]);

/** The last is MySQL's driver's: the server has closed the connection of a transaction between two statements. */
const unavailableMessages =
  /max retries per request|Connection is closed|connection is in closed state|Stream isn't writeable|Command timed out/i;

/** What Redis answers when it is there and cannot serve just now: it loads, is full, fails over, or cannot write. */
const unavailableReplies = /^(?:LOADING|OOM|MISCONF|READONLY|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN) /;

/** Codes of what was sent to a store, or may have been, when its connection broke or nobody waited for it any more. */
const unknownOutcomeCodes = new Set([
  "OUTCOME_UNKNOWN",
  "STATEMENT_TIMEOUT",
  "PROTOCOL_CONNECTION_LOST",
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "PROTOCOL_VIOLATION",
  "ECONNRESET",
]);

/** Whether something was sent to a store and its answer never came: it may have been done, or not; follows `cause`. */
function isOutcomeUnknown(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ("code" in at && typeof at.code === "string" && unknownOutcomeCodes.has(at.code)) return true;
    if (at.message === "Command timed out") return true;
  }
  return false;
}

/** Whether an error says that a store or a peer cannot be reached just now; follows `cause`. */
export function isUnavailable(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ("code" in at && typeof at.code === "string" && unavailableCodes.has(at.code)) return true;
    if (unavailableMessages.test(at.message) || unavailableReplies.test(at.message)) return true;
  }
  return false;
}

/**
 * What says that a statement was ended because its time was over, waited for a lock for too long, or had to give way to
 * another: codes of the drivers and of Postgres, numbers of MariaDB and MySQL.
 */
const timeoutCodes = new Set(["STATEMENT_TIMEOUT", "57014", "55P03", "25P03", "40P01", "40001"]);
const timeoutNumbers = new Set([1205, 1213, 1317, 1969, 3024]);

/** Whether a store gave a statement up because it took too long; follows `cause`. */
export function isTimeout(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ("code" in at && typeof at.code === "string" && timeoutCodes.has(at.code)) return true;
    if ("errno" in at && typeof at.errno === "number" && timeoutNumbers.has(at.errno)) return true;
  }
  return false;
}

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whatever was thrown, as the problem that the client sees; `method` is that of the request. */
export function toProblem(error: unknown, method = "POST"): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException) {
    return new Problem(problemCodeOf(error.status), error.message || "The request was rejected.", { cause: error });
  }
  const full = fullStorage(error);
  if (full) return full;
  if (isOutcomeUnknown(error) && !safeMethods.has(method)) {
    const detail =
      "The outcome is unknown: the response of a store was lost, and the request may have taken effect. Check before you retry.";
    return new Problem("unavailable", detail, { headers: { "Retry-After": "2" }, cause: error });
  }
  if (isUnavailable(error)) {
    return new Problem("unavailable", "A required store is unavailable.", {
      headers: { "Retry-After": "2" },
      cause: error,
    });
  }
  if (isTimeout(error)) {
    return new Problem("unavailable", "The request took too long. Request less, or retry later.", {
      headers: { "Retry-After": "2" },
      cause: error,
    });
  }
  return new Problem("internal", "An internal error occurred.", { cause: error });
}
