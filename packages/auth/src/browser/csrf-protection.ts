import { Problem, type ServiceEnv } from "@quintet/http";
import type { MiddlewareHandler } from "hono";
import type { Site } from "./site.ts";

/**
 * Refuses a form that another site sends, whatever credentials the browser adds to it. A client that does not say where it comes
 * from is no browser of today, or one whose cookies count for nothing here.
 */
export function csrfProtection({ site }: { site: Site }): MiddlewareHandler<ServiceEnv> {
  return async (c, next) => {
    if (site.requestOrigin(c) === "cross-origin")
      throw new Problem("forbidden", `This form was sent from another site than ${site.url}, the PUBLIC_URL.`);
    return next();
  };
}
