import type { Context } from "hono";
import type { Logger } from "../observability/logger.ts";
import { RequestRecord, recordOf } from "../observability/request-record.ts";
import { beginSpan } from "../observability/request-spans.ts";
import type { ServiceEnv } from "../service-env.ts";
import { matchedRoute } from "./matched-route.ts";

/** The security headers of every response. */
const standing = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "X-Frame-Options": "DENY",
};

/** Begins a request in an app: its record gets the app and the route, the response gets its request id and security headers. */
export function beginRequest(app: string, log: Logger): (c: Context<ServiceEnv>) => RequestRecord {
  return (c) => {
    const { incoming, outgoing } = c.env ?? {};
    const record = incoming
      ? recordOf(incoming)
      : new RequestRecord(c.req.header("x-request-id"), c.req.header("traceparent"));
    record.app = app;
    record.log = log;
    record.route = matchedRoute(c)?.path ?? "none";
    c.set("requestId", record.id);
    c.set("log", log);
    beginSpan(record, app, c.req.method, (name) => c.req.header(name));
    record.context = c;
    if (outgoing) {
      // On Node's own response, because Hono would build a Headers object to keep them.
      outgoing.setHeader("X-Request-Id", record.id);
      for (const name in standing) outgoing.setHeader(name, standing[name as keyof typeof standing]);
    } else {
      c.header("X-Request-Id", record.id);
      for (const [name, value] of Object.entries(standing)) c.header(name, value);
    }
    return record;
  };
}
