import { Problem, type ServiceEnv } from "@quintet/http";
import type { MiddlewareHandler } from "hono";
import type { Site } from "./site.ts";

/**
 * Middleware that refuses a form of another site (403), whatever credentials the browser adds to it. A request without `Origin`
 * and `Sec-Fetch-Site` passes: it comes from no current browser, and its cookies do not authenticate it.
 */
export function csrfProtection({ site }: { site: Site }): MiddlewareHandler<ServiceEnv> {
  return async (c, next) => {
    if (site.requestOrigin(c) === "cross-origin")
      throw new Problem("forbidden", `This form was sent from another site than ${site.url}, the PUBLIC_URL.`);
    return next();
  };
}
