import type { RequestListener, ServerResponse } from "node:http";

/** Headers of an answer that pages of other origins may read. */
export const exposedHeaders = [
  ...["X-Request-Id", "ETag", "Link", "Location", "Retry-After", "X-Cache", "Idempotency-Replayed"],
  ...["RateLimit", "RateLimit-Policy"],
];

const readers = new WeakMap<ServerResponse, Record<string, string>>();

/** A listener whose problems pages of these origins may read, also those that are answered before any app hears of the request. */
export function withErrorCors(corsOrigins: readonly string[], listener: RequestListener): RequestListener {
  if (corsOrigins.length === 0) return listener;
  const anyone = corsOrigins.includes("*");
  return (request, response) => {
    const { origin } = request.headers;
    if (origin !== undefined && (anyone || corsOrigins.includes(origin))) {
      readers.set(response, {
        "Access-Control-Allow-Origin": anyone ? "*" : origin,
        "Access-Control-Expose-Headers": exposedHeaders.join(","),
        ...(anyone ? {} : { Vary: "Origin" }),
      });
    }
    listener(request, response);
  };
}

/** The CORS headers for a problem as this answer (Fetch standard, section 3.3). */
export function errorCorsHeaders(response: ServerResponse): Record<string, string> {
  return readers.get(response) ?? {};
}
