import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestRecord } from "../request-record.ts";
import { observation } from "./observation.ts";

/** A request that is not over. */
interface UnderWay {
  record: RequestRecord;
  request: IncomingMessage;
  response: ServerResponse;
}

/**
 * The requests that are under way, each at a place of its own. No `Set`: one whose members come and go makes itself anew all the
 * time, each old table leads to the next, and so the first that grew old keeps every later request until the next full collection.
 */
const underWay: (UnderWay | undefined)[] = [];
const free: number[] = [];

/** Remembers a request until `leave` is called with the place that is answered. */
export function enter(record: RequestRecord, request: IncomingMessage, response: ServerResponse): number {
  const place = free.pop() ?? underWay.length;
  underWay[place] = { record, request, response };
  return place;
}

export function leave(place: number): void {
  underWay[place] = undefined;
  free.push(place);
}

/**
 * How long ago the requests came that an app has wholly got and begun no answer to for longer than `STUCK_SECONDS`, in ms, the
 * oldest first. Those whose paths match `slow` may take that long.
 */
export function stuckRequests(app: string, slow: RegExp | undefined, now = performance.now()): number[] {
  const ages: number[] = [];
  for (const entry of underWay) {
    if (entry === undefined) continue;
    const { record, request, response } = entry;
    const age = now - record.since;
    if (age < observation().patienceMs || record.app !== app || record.upstream) continue;
    if (!request.complete || response.headersSent || slow?.test(request.url ?? "/")) continue;
    ages.push(age);
  }
  return ages.sort((a, b) => b - a);
}
