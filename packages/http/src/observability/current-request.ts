import { AsyncLocalStorage } from "node:async_hooks";
import type { Span } from "./span.ts";

/** What is known of the request that code works for: who it is, and where its spans belong. */
export interface CurrentRequest {
  readonly id: string;
  readonly app: string;
  /** The pattern of its route. */
  readonly route: string;
  readonly span: Span | undefined;
  /** Calls `stop` when the client has gone before its answer was out; the function returned forgets that. */
  whenClientGone(stop: () => void): () => void;
}

const requests = new AsyncLocalStorage<CurrentRequest>();

/** The request on whose behalf the running code runs; nothing in timers and jobs of the process's own. */
export function currentRequest(): CurrentRequest | undefined {
  return requests.getStore();
}

/** Runs `work`, and all that it waits for, on behalf of a request. */
export function inRequest<T>(request: CurrentRequest, work: () => T): T {
  return requests.run(request, work);
}
