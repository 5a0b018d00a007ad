import { Problem, type ServiceEnv } from "@quintet/http";
import type { MiddlewareHandler } from "hono";

/**
 * Refuses forms that another site sends: a browser adds its Basic credentials to those as well. Browsers say where a form
 * comes from by Sec-Fetch-Site, or by Origin on plain HTTP; a client that says neither is no browser. The form's token is
 * checked besides.
 */
export function sameOrigin(): MiddlewareHandler<ServiceEnv> {
  return async (c, next) => {
    const site = c.req.header("sec-fetch-site");
    const origin = c.req.header("origin");
    const hosts = [c.req.header("host"), c.req.header("x-forwarded-host")];
    const isOwn = site === undefined ? origin === undefined || hosts.includes(hostOf(origin)) : site === "same-origin";
    if (!isOwn) throw new Problem("forbidden", "This form was sent from another site.");
    return next();
  };
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : "";
}
