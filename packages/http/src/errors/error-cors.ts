import type { RequestListener, ServerResponse } from "node:http";

/** The response headers that pages of other origins may read. */
export const exposedHeaders = [
  ...["X-Request-Id", "ETag", "Link", "Location", "Retry-After", "X-Cache", "Idempotency-Replayed"],
  ...["RateLimit", "RateLimit-Policy"],
];

const readers = new WeakMap<ServerResponse, Record<string, string>>();

/** Lets pages of these origins read the problems that `sendProblem` sends, also for requests that reach no app. */
export function withErrorCors(corsOrigins: readonly string[]): (next: RequestListener) => RequestListener {
  if (corsOrigins.length === 0) return (next) => next;
  const anyone = corsOrigins.includes("*");
  return (next) => (request, response) => {
    const { origin } = request.headers;
    if (origin !== undefined && (anyone || corsOrigins.includes(origin))) {
      readers.set(response, {
        "Access-Control-Allow-Origin": anyone ? "*" : origin,
        "Access-Control-Expose-Headers": exposedHeaders.join(","),
        ...(anyone ? {} : { Vary: "Origin" }),
      });
    }
    next(request, response);
  };
}

/** The CORS headers of a response with a problem (Fetch standard, section 3.3). */
export function errorCorsHeaders(response: ServerResponse): Record<string, string> {
  return readers.get(response) ?? {};
}
