import { setTimeout as pause } from "node:timers/promises";

const shortestMs = 100;
/** How far a busy machine may lengthen the wait, in ms. */
const longestBusyMs = 3000;
/** Below so many ms of a core the way to the thread and back is most of the time. */
const countedMs = 5;
/** What a look into the database and the way there may take, in ms. */
const lookUpMs = 25;

/**
 * How long a refused password is held back, so that its time tells nothing of the account: twice the time that the slowest
 * kind of hash that was seen takes of a core, 100 ms at least, and as many times longer as hashes wait for a core just now. All refusals wait, so that a name that is not known takes as long as one with a hash of
 * another kind, for which it would cost too much to do the same work.
 */
export function failureDelay() {
  const fastest = new Map<string, number>();
  let slowest = 0;
  let slowdown = 1;
  const ms = () => {
    const quiet = Math.max(shortestMs, 2 * slowest);
    return Math.max(quiet, Math.min(longestBusyMs, 2 * slowest * slowdown));
  };
  return {
    /** Whether a hash of this kind has been timed. */
    knows: (encoded: string): boolean => fastest.has(kindOf(encoded)),
    /** Notes how long the check of a hash took, of a core and in all; the fastest one of a kind counts. */
    note(encoded: string, cpuMs: number, tookMs: number): void {
      if (cpuMs >= countedMs) slowdown = Math.max(1, tookMs / cpuMs, 0.95 * slowdown);
      const kind = kindOf(encoded);
      if (cpuMs >= (fastest.get(kind) ?? Number.POSITIVE_INFINITY)) return;
      fastest.set(kind, cpuMs);
      slowest = Math.max(...fastest.values());
    },
    /** The wait that begins with the work on a hash, however long that stood in line. */
    sinceWork: (): Promise<void> => pause(ms()),
    /** The wait that begins with the request; it covers that an account had to be read. */
    sinceRequest: (): Promise<void> => pause(ms() + lookUpMs),
  };
}

/** Algorithm and costs of a hash: what comes before its salt. */
function kindOf(encoded: string): string {
  return encoded.split("$", encoded.startsWith("pbkdf2_") ? 2 : 4).join("$");
}
