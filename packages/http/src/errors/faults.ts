import { HTTPException } from "hono/http-exception";
import { fullStorage } from "./full-storage.ts";
import { Problem, problemCodeOf } from "./problem.ts";

/** Error codes of drivers and sockets that mean that a store is unavailable. */
const unavailableCodes = new Set([
  "OUTCOME_UNKNOWN",
  "NOT_REPLICATED",
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

/** Error messages that mean the same. */
const unavailableMessages =
  /max retries per request|Connection is closed|Command aborted due to connection close|Too many Cluster redirections|None of startup nodes is available|Failed to refresh slots cache|Cluster is (?:ended|disconnect)|All sentinels are unreachable|connection is in closed state|Stream isn't writeable|Command timed out/i;

/** Replies of a Redis that is running and cannot serve: it is loading, full, failing over, or cannot write. */
const unavailableReplies = /^(?:LOADING|OOM|MISCONF|READONLY|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN) /;

/** Error codes of statements that may have been sent when their connection broke or their time was over. */
const unknownOutcomeCodes = new Set([
  "OUTCOME_UNKNOWN",
  "STATEMENT_TIMEOUT",
  "PROTOCOL_CONNECTION_LOST",
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "PROTOCOL_VIOLATION",
  "ECONNRESET",
]);

/** Whether the outcome of a statement is unknown: it may have been executed, and its response was lost. Follows `cause`. */
function isOutcomeUnknown(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ("code" in at && typeof at.code === "string" && unknownOutcomeCodes.has(at.code)) return true;
    if (at.message === "Command timed out") return true;
  }
  return false;
}

/** Whether a write was done and too few replicas have confirmed it. Follows `cause`. */
function isNotReplicated(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ("code" in at && at.code === "NOT_REPLICATED") return true;
  }
  return false;
}

/** Whether an error means that a store or a peer is unavailable. Follows `cause`. */
export function isUnavailable(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ("code" in at && typeof at.code === "string" && unavailableCodes.has(at.code)) return true;
    if (unavailableMessages.test(at.message) || unavailableReplies.test(at.message)) return true;
  }
  return false;
}

/**
 * Errors of a statement that exceeded its time, waited too long for a lock, or was the victim of a deadlock: codes of the drivers and of
 * Postgres, numbers of MariaDB and MySQL.
 */
const timeoutCodes = new Set(["STATEMENT_TIMEOUT", "57014", "55P03", "25P03", "40P01", "40001"]);
const timeoutNumbers = new Set([1205, 1213, 1317, 1969, 3024]);

/** Whether a store ended a statement because it took too long. Follows `cause`. */
export function isTimeout(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ("code" in at && typeof at.code === "string" && timeoutCodes.has(at.code)) return true;
    if ("errno" in at && typeof at.errno === "number" && timeoutNumbers.has(at.errno)) return true;
  }
  return false;
}

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/** Any thrown value as the problem that the client gets. `method` is that of the request: a GET with an unknown outcome may be repeated. */
export function toProblem(error: unknown, method = "POST"): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException) {
    return new Problem(problemCodeOf(error.status), error.message || "The request was rejected.", { cause: error });
  }
  const full = fullStorage(error);
  if (full) return full;
  if (isNotReplicated(error)) {
    const detail =
      "The outcome is unknown: the change was made, and too few replicas of Redis have confirmed it in time, so that a fail-over may undo it. Check before you retry.";
    return new Problem("unavailable", detail, { headers: { "Retry-After": "2" }, cause: error });
  }
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
