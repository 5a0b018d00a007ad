import { accountPath, feedPath } from "@quintet/auth/issuer";
import { Problem, type ServiceEnv } from "@quintet/http";
import type { Hono } from "hono";
import type { LocalAuth } from "../local-auth.ts";

/** A path of `@quintet/auth` as a route of this app, whose prefix it has. */
const routeOf = (path: string) => path.slice("/auth".length);

/**
 * What the other processes of this installation read, which prove that they have its secret: `/auth/revocations`, the feed of revocations,
 * while Redis does not respond, and `/auth/active-accounts/{id}`, the account of credentials that an app issues itself. They are not part
 * of the OpenAPI document.
 */
export function addInstallationRoutes(app: Hono<ServiceEnv>, auth: LocalAuth): void {
  app.get(routeOf(feedPath), (c) => {
    const { process, version } = c.req.query();
    const since = { ...(process ? { process } : {}), version: Number(version) || 0 };
    const feed = auth.revocationFeed(c.req.header("authorization"), since);
    if (!feed) throw hidden();
    c.header("Cache-Control", "no-store");
    return c.json(feed);
  });
  app.get(`${routeOf(accountPath)}/:id{\\d{1,15}}`, async (c) => {
    const found = await auth.accountFor(c.req.header("authorization"), Number(c.req.param("id")));
    if (!found) throw hidden();
    c.header("Cache-Control", "no-store");
    return c.json(found);
  });
}

/** The error of all who have not this installation's secret. */
function hidden(): Problem {
  return new Problem("not-found", "There is no resource at this path.");
}
