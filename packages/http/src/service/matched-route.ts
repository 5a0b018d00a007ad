import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { matchedRoutes } from "hono/route";
import { isPage, type Operation } from "../openapi/error-responses.ts";
import type { ServiceEnv } from "../service-env.ts";

const isNoMiddleware = (route: { method: string }) => route.method !== "ALL";

/**
 * The route that takes a request, and no middleware on its way; `undefined` when there is none. Of several that match, such as
 * `/goods/new` and `/goods/:id`, the one that was added first handles it.
 */
export function matchedRoute(c: Context): { method: string; path: string } | undefined {
  return matchedRoutes(c).find(isNoMiddleware);
}

/** Returns a check whether the route of a request responds with a page. */
export function pageRequests(app: OpenAPIHono<ServiceEnv>): (c: Context) => boolean {
  let pages: Set<string> | undefined;
  return (c) => {
    const route = matchedRoute(c);
    if (!route) return false;
    pages ??= pageRoutes(app);
    return pages.has(`${route.method} ${route.path}`);
  };
}

/** The routes that respond with a page, as `GET /shop/goods/:id`. */
function pageRoutes(app: OpenAPIHono<ServiceEnv>): Set<string> {
  const { paths = {} } = app.getOpenAPI31Document({ openapi: "3.1.0", info: { title: "", version: "" } });
  return new Set(
    Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item as Record<string, Operation>).flatMap(([method, operation]) =>
        isPage(operation) ? [`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`] : [],
      ),
    ),
  );
}
