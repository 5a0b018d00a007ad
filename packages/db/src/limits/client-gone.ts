import { currentRequest } from "@quintet/http";

/** How long a statement may still finish, in ms: most are nearly done, and cancelling costs the store more. */
const graceMs = 100;

/** Calls `end` when the client of the current request disconnects, unless the returned function was called before. */
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
