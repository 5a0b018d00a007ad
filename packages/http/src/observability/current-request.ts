import { AsyncLocalStorage } from "node:async_hooks";
import type { Span } from "./span.ts";

/** The request that the running code works for: its id and the parent of its spans. */
export interface CurrentRequest {
  readonly id: string;
  readonly app: string;
  /** The pattern of its route. */
  readonly route: string;
  readonly span: Span | undefined;
  /** Calls `stop` when the client disconnects before the response is complete. Returns a function that removes the callback. */
  whenClientGone(stop: () => void): () => void;
}

const requests = new AsyncLocalStorage<CurrentRequest>();

/** The request that the running code works for; undefined in timers and background jobs. */
export function currentRequest(): CurrentRequest | undefined {
  return requests.getStore();
}

/** Runs `work`, and everything that it awaits, as part of a request. */
export function inRequest<T>(request: CurrentRequest, work: () => T): T {
  return requests.run(request, work);
}
