import type { Span } from "@quintet/http";

/** Starts the span of one attempt to send a request to a target. */
export type AttemptSpans = (origin: URL, attempt: number) => Span;

/** Creates the spans of a request's attempts, as children of the gateway's span; undefined while tracing is off. */
export function attemptSpans(span: Span | undefined, prefix: string, method: string): AttemptSpans | undefined {
  if (span === undefined) return undefined;
  return (origin, attempt) => {
    const started = span.child(`${method} ${prefix}/*`, "client");
    if (started.recorded) {
      started.set({
        "http.request.method": method,
        "url.template": `${prefix}/*`,
        "server.address": origin.hostname,
        "server.port": Number(origin.port || (origin.protocol === "https:" ? 443 : 80)),
        ...(attempt > 1 ? { "http.request.resend_count": attempt - 1 } : {}),
      });
    }
    return started;
  };
}

/** Ends an attempt's span with the response status, or with the error. */
export function endAttempt(span: Span | undefined, outcome: number | Error | "aborted"): void {
  if (span === undefined) return;
  if (typeof outcome === "number") {
    span.set({ "http.response.status_code": outcome });
    if (outcome >= 500) span.fail(String(outcome));
  } else {
    span.fail(outcome === "aborted" ? outcome : codeOf(outcome));
  }
  span.end();
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
