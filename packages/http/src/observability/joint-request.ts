import { type CurrentRequest, currentRequest, inRequest } from "./current-request.ts";

/** Requests that wait for one piece of work, on behalf of all of which it is done. */
export interface JointRequest {
  /** The current request waits for it too. Work of the process's own, outside a request, never leaves. */
  join(): void;
  /** Runs `work` in the name of the first that joined; its client has gone when the clients of all have. */
  run<T>(work: () => T): T;
  /** Whether all who joined have gone, so that what is done now comes to nothing. */
  readonly gone: boolean;
}

/** A piece of work that requests may share: none of them ends it for the others by hanging up. */
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
