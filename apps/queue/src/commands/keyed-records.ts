import { type KeyedRequest, keyHours, keyMismatch } from "@quintet/http";

/** How long it is remembered what was done for a keyed request, in ms, by Redis's clock. */
export const rememberedMs = keyHours * 3_600_000;

/**
 * Takes note of what the record of a keyed request says: `fingerprint`, "" in a record of a version that did not write it, and whether
 * the request was done just now. Throws when the record is that of another request.
 */
export function noteOutcome(request: KeyedRequest, fingerprint: string, now: boolean): void {
  if (fingerprint !== "" && fingerprint !== request.fingerprint) throw keyMismatch();
  request.outcome = now ? "done" : "replayed";
}
