import type { RequestListener } from "node:http";
import { observation } from "./observation.ts";
import { type RequestRecord, recordOf } from "./request-record.ts";

type Header = (name: "traceparent" | "tracestate") => string | undefined;

/** Wraps each request in a span of the gateway; does nothing while tracing is off. */
export function withGatewaySpan(listener: RequestListener): RequestListener {
  if (observation().tracing === undefined) return listener;
  return (request, response) => {
    const { method = "GET", headers } = request;
    beginSpan(recordOf(request), "gateway", method, (name) => headers[name] as string | undefined);
    listener(request, response);
  };
}

/**
 * Starts the span of a service that handles a request: a child of the gateway's span when both are in one process, otherwise of the
 * `traceparent` header. Does nothing while tracing is off.
 */
export function beginSpan(record: RequestRecord, service: string, method: string, header: Header): void {
  const { tracing } = observation();
  // The gateway's own routes are in the gateway's span already.
  if (tracing === undefined || (record.span !== undefined && service === "gateway")) return;
  const parent = record.span ?? { traceparent: header("traceparent"), tracestate: header("tracestate") };
  record.gatewaySpan = record.span;
  record.span = tracing.start(service, method, "server", parent, { "http.request.method": method });
  record.traceId = record.span.traceId;
}

/**
 * Ends a request's spans. They are named by the route's pattern: a path may contain search terms, and the log has the path under the
 * same trace id.
 */
export function endSpans(record: RequestRecord, method: string, end: { status: number; aborted: boolean }): void {
  const { span, gatewaySpan, route } = record;
  for (const each of [span, gatewaySpan]) {
    if (each?.recorded) {
      const pattern = each === gatewaySpan ? `/${record.app}/*` : route;
      if (pattern !== "none") {
        each.rename(`${method} ${pattern}`);
        each.set({ "http.route": pattern });
      }
      each.set({ "http.response.status_code": end.status, "http.request.header.x-request-id": [record.id] });
      if (end.aborted) each.fail("aborted");
      else if (end.status >= 500) each.fail(String(end.status));
    }
    each?.end();
  }
}
