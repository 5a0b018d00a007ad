import { type KeyedRequest, keyHours, keyMismatch } from "@quintet/http";

/** How long Redis keeps the record of a keyed request, in ms. */
export const recordTtlMs = keyHours * 3_600_000;

/**
 * Sets the outcome of a keyed request by its record: `fingerprint` ("" in a record of an earlier version), and whether the request was
 * processed `now` or before. Throws 422 when the record belongs to another request with the same key.
 */
export function setOutcome(request: KeyedRequest, fingerprint: string, now: boolean): void {
  if (fingerprint !== "" && fingerprint !== request.fingerprint) throw keyMismatch();
  request.outcome = now ? "done" : "replayed";
}
