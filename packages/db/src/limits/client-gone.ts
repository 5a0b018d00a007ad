import { currentRequest } from "@quintet/http";

/** A statement that is nearly done is let finish: ending it costs the store more. */
const graceMs = 100;

/** Calls `end` when the client of the current request has gone and what was begun is not over. The function returned says that it is. */
export function onClientGone(end: () => void): () => void {
  const request = currentRequest();
  if (request === undefined) return () => {};
  let timer: NodeJS.Timeout | undefined;
  const forget = request.whenClientGone(() => {
    timer = setTimeout(end, graceMs).unref();
  });
  return () => {
    forget();
    clearTimeout(timer);
  };
}
