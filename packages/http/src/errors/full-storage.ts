import { Problem } from "./problem.ts";

/** Error codes of files, MySQL's driver and Postgres for a full disk, an exceeded quota, or a file at its max size. */
const fullCodes = new Set([
  "ENOSPC",
  "EDQUOT",
  "EFBIG",
  "ER_DISK_FULL",
  "ER_RECORD_FILE_FULL",
  "ER_OUT_OF_RESOURCES",
  "53100",
]);
/** Messages of MySQL and MariaDB about a file error ("Got error 28 from storage engine", "errno: 28", "Errcode: 28"). */
const noSpace = /No space left on device|Disk quota exceeded|\b(?:error|errno|errcode):? (?:27|28|122)\b/i;

/** Replies of a Redis that rejects writes. It still serves reads, and when its memory is full also what adds nothing. */
const redisRefusals: [RegExp, string][] = [
  [/^OOM /, "Redis is out of memory: nothing can be added until something is removed."],
  [/^MISCONF /, "Redis cannot write to its disk: nothing can be changed until it can."],
];

/** The problem of a full store or disk, if that is what an error means. Follows `cause`. */
export function fullStorage(error: unknown): Problem | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { message } = at;
    const refusal = redisRefusals.find(([reply]) => reply.test(message))?.[1];
    if (refusal) return new Problem("unavailable", refusal, { headers: { "Retry-After": "5" }, cause: error });
    const code = "code" in at && typeof at.code === "string" ? at.code : "";
    if (!fullCodes.has(code) && !(code !== "" && noSpace.test(at.message))) continue;
    const what = code.startsWith("E") && !code.startsWith("ER_") && "syscall" in at ? "A disk" : "A required store";
    return new Problem("insufficient-storage", `${what} is full.`, { cause: error });
  }
  return undefined;
}
