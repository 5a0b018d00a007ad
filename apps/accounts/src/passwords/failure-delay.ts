import { setTimeout as pause } from "node:timers/promises";

const minMs = 100;
/** The max delay on a busy machine, in ms. */
const maxBusyMs = 3000;
/** Below this CPU time (ms) the way to the thread and back dominates, so the slowdown is not measured. */
const minMeasuredMs = 5;
/** The time for a lookup in the database, in ms. */
const lookupMs = 25;

/**
 * The delay of a failed password check, by which its time reveals nothing about the account: twice the CPU time of the slowest
 * known kind of hash, at least 100 ms, and as many times longer as hashes currently wait for a core. Every failure is delayed, so
 * that an unknown name takes as long as an account with a slow hash, without doing the same work.
 */
export function failureDelay() {
  const fastest = new Map<string, number>();
  let slowest = 0;
  let slowdown = 1;
  const ms = () => {
    const idle = Math.max(minMs, 2 * slowest);
    return Math.max(idle, Math.min(maxBusyMs, 2 * slowest * slowdown));
  };
  return {
    /** Whether a hash of this kind has been measured. */
    knows: (encoded: string): boolean => fastest.has(kindOf(encoded)),
    /** Records the CPU time and the total time of a check; the fastest one of a kind counts. */
    note(encoded: string, cpuMs: number, tookMs: number): void {
      if (cpuMs >= minMeasuredMs) slowdown = Math.max(1, tookMs / cpuMs, 0.95 * slowdown);
      const kind = kindOf(encoded);
      if (cpuMs >= (fastest.get(kind) ?? Number.POSITIVE_INFINITY)) return;
      fastest.set(kind, cpuMs);
      slowest = Math.max(...fastest.values());
    },
    /** The delay from the start of the work on a hash, not counting its time in the queue. */
    sinceWork: (): Promise<void> => pause(ms()),
    /** The delay from the start of the request; covers the lookup of the account. */
    sinceRequest: (): Promise<void> => pause(ms() + lookupMs),
  };
}

/** Algorithm and costs of a hash: the part before its salt. */
function kindOf(encoded: string): string {
  return encoded.split("$", encoded.startsWith("pbkdf2_") ? 2 : 4).join("$");
}
