import type { IncomingMessage, ServerResponse } from "node:http";
import { observation } from "./observation.ts";
import type { RequestRecord } from "./request-record.ts";
import { SlotMap } from "./slot-map.ts";

/** A request that is not over. */
interface InFlightRequest {
  record: RequestRecord;
  request: IncomingMessage;
  response: ServerResponse;
}

const inFlight = new SlotMap<InFlightRequest>();

/** Remembers a request until `leave` is called with the place that is answered. */
export function track(record: RequestRecord, request: IncomingMessage, response: ServerResponse): number {
  return inFlight.add({ record, request, response });
}

export function untrack(place: number): void {
  inFlight.remove(place);
}

/**
 * How long ago the requests came that an app has wholly got and begun no answer to for longer than `STUCK_SECONDS`, in ms, the
 * oldest first. Those whose paths match `slow`, and those that only wait, may take that long.
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
