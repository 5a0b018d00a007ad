import type { IncomingMessage, ServerResponse } from "node:http";
import { observation } from "./observation.ts";
import type { RequestRecord } from "./request-record.ts";
import { SlotMap } from "./slot-map.ts";

/** A request that has not ended. */
interface InFlightRequest {
  record: RequestRecord;
  request: IncomingMessage;
  response: ServerResponse;
}

const inFlight = new SlotMap<InFlightRequest>();

/** Tracks a request until `untrack` is called with the slot that this returns. */
export function track(record: RequestRecord, request: IncomingMessage, response: ServerResponse): number {
  return inFlight.add({ record, request, response });
}

export function untrack(place: number): void {
  inFlight.remove(place);
}

/**
 * The ages, in ms, of the requests that an app has received completely and not begun to respond to for `STUCK_SECONDS`, oldest first.
 * Requests whose paths match `slow`, and those that are waiting, are left out.
 */
export function stuckRequests(app: string, slow: RegExp | undefined, now = performance.now()): number[] {
  const ages: number[] = [];
  for (const { record, request, response } of inFlight) {
    const age = now - record.since;
    if (age < observation().patienceMs || record.app !== app || record.upstream || record.waiting) continue;
    if (!request.complete || response.headersSent || slow?.test(request.url ?? "/")) continue;
    ages.push(age);
  }
  return ages.sort((a, b) => b - a);
}
