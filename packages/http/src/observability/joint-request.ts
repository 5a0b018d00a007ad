import { type CurrentRequest, currentRequest, inRequest } from "./current-request.ts";

/** A piece of work that several requests wait for. */
export interface JointRequest {
  /** Adds the current request to those that wait. Outside a request, the work is never abandoned. */
  join(): void;
  /** Runs `work` as part of the first request that joined. Its client counts as gone once the clients of all have disconnected. */
  run<T>(work: () => T): T;
  /** Whether the clients of all requests have disconnected, so that the result is not needed. */
  readonly gone: boolean;
}

/** Work that several requests share: a client that disconnects does not cancel it for the others. */
export function jointRequest(): JointRequest {
  const stops = new Set<() => void>();
  let first: CurrentRequest | undefined;
  let joined = 0;
  let left = 0;
  const isGone = () => joined > 0 && left === joined;
  const leave = () => {
    left++;
    if (isGone()) for (const stop of stops) stop();
  };
  return {
    join() {
      const request = currentRequest();
      joined++;
      first ??= request;
      request?.whenClientGone(leave);
    },
    run(work) {
      if (first === undefined) return work();
      const { id, app, route, span } = first;
      const whenClientGone = (stop: () => void) => {
        if (isGone()) stop();
        else stops.add(stop);
        return () => {
          stops.delete(stop);
        };
      };
      return inRequest({ id, app, route, span, whenClientGone }, work);
    },
    get gone() {
      return isGone();
    },
  };
}
