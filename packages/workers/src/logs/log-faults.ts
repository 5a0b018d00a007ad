import { type FromWorker, workerVariable } from "../messages.ts";

/** A fault that has not occurred for this long is over, and is reported again when it comes back. */
const quietMs = 60_000;

/** Reports a lasting fault once, no matter how often it occurs and in how many processes. */
export function suppressRepeats(print: (line: string) => void): (line: string) => void {
  let seenAt = Number.NEGATIVE_INFINITY;
  return (line) => {
    const now = performance.now();
    if (now - seenAt > quietMs) print(line);
    seenAt = now;
  };
}

/** Prints to standard error, since the log itself fails. */
const printFault = suppressRepeats((line) => console.error(line));

/** Reports that the log cannot be written. A worker reports to its parent, which prints the line once for all of them. */
export function reportLogFault(line: string): void {
  if (process.env[workerVariable] && process.send) {
    if (process.connected) process.send({ kind: "logFault", line } satisfies FromWorker, () => {});
  } else printFault(line);
}
