import type { RouteConfig } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { exposedHeaders } from "../errors/error-cors.ts";
import { inRequest } from "../observability/current-request.ts";
import type { Logger } from "../observability/logger.ts";
import type { BodyRules, ServiceEnv } from "../service-env.ts";
import { beginRequest } from "./begin-request.ts";
import { limitBody } from "./body.ts";

/**
 * Everything that a request passes in a service before its route, in order. It is one middleware, because each costs a promise
 * or two.
 */
export function servicePipeline(
  name: string,
  { log, corsOrigins, bodyRules }: { log: Logger; corsOrigins: string[]; bodyRules: BodyRules },
): MiddlewareHandler<ServiceEnv> {
  const begin = beginRequest(name, log);
  const crossOrigin = cors({
    origin: corsOrigins.includes("*") ? "*" : corsOrigins,
    allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    exposeHeaders: exposedHeaders,
    maxAge: 600,
  });
  return (c, next) => {
    // The request's id, log, route and span, and the headers of every response.
    const record = begin(c);
    // 413 for a body over the limit, when something reads it.
    const { large } = bodyRules;
    const rules = large?.paths.test(c.req.path) ? { ...bodyRules, maxBytes: large.maxBytes } : bodyRules;
    c.set("bodyRules", rules);
    limitBody(c, rules);
    // From here on `currentRequest()` returns this request.
    return inRequest(record, () => {
      // CORS headers, and the response to a preflight.
      return c.req.header("origin") === undefined ? next() : crossOrigin(c, next);
    });
  };
}

/** Everything that a request passes on a route before its handler, in order; again one middleware. */
export function routePipeline(
  guards: RouteConfig["middleware"],
  inputValidator: MiddlewareHandler<ServiceEnv>,
): MiddlewareHandler {
  return [
    // 401 and 403, then 413 and 400 for a body that cannot be read, then `Idempotency-Key`: `guards()` of `@quintet/auth`.
    ...[guards ?? []].flat(),
    // 400 for a query or a path that the route does not accept.
    inputValidator as MiddlewareHandler,
    // 422 for a body that the route does not accept: `app.openapi()` adds it behind these.
  ].reduceRight((inner, outer) => nest(outer, inner));
}

/** Two middlewares as one: `outer` with `inner` as its `next`. */
export function nest<E extends ServiceEnv>(
  outer: MiddlewareHandler<E>,
  inner: MiddlewareHandler,
): MiddlewareHandler<E> {
  return (c, next) =>
    outer(c, () => {
      let passed: Promise<void> | undefined;
      const result = inner(c, () => {
        passed = next();
        return passed;
      });
      // What `next` returns is no response, as in Hono.
      if (result === passed) return result as Promise<void>;
      return result.then((response) => {
        if (response && !c.finalized) c.res = response;
      });
    });
}
