import { randomUUID } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { Logger } from "./logger.ts";
import type { ServiceEnv } from "./types.ts";

const idPattern = /^[\w.:/+=-]{1,128}$/;
const tracePattern = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The request id that a client sent when it is harmless to log and return, otherwise a new one. */
export function requestIdOf(header: string | undefined): string {
  return header !== undefined && idPattern.test(header) ? header : randomUUID();
}

/** Names the request, returns its id, sets the headers that every answer has, and writes one line when it is answered. */
export function requestLog(log: Logger): MiddlewareHandler<ServiceEnv> {
  return async (c, next) => {
    const started = performance.now();
    const requestId = requestIdOf(c.req.header("x-request-id"));
    c.set("requestId", requestId);
    c.set("log", log);
    c.header("X-Request-Id", requestId);
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Referrer-Policy", "no-referrer");
    c.header("X-Frame-Options", "DENY");
    await next();
    if (!log.isLevelEnabled("info")) return;
    const trace = tracePattern.exec(c.req.header("traceparent") ?? "")?.[1];
    log.info({
      http: { request: { id: requestId, method: c.req.method }, response: { status_code: c.res.status } },
      url: { path: c.req.path },
      event: { duration: Math.round((performance.now() - started) * 1e6) },
      labels: { route: routePath(c, -1) },
      ...(c.var.account ? { user: { id: String(c.var.account.id) } } : {}),
      ...(trace ? { trace: { id: trace } } : {}),
    });
  };
}
