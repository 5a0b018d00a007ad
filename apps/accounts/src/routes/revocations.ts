import { Problem, type ServiceEnv } from "@quintet/http";
import type { Hono } from "hono";
import type { LocalAuth } from "../local-auth.ts";

/**
 * What is revoked, for the processes of this installation alone, which have its secret: how they hear of it while Redis does not
 * respond. It stands in no OpenAPI document.
 */
export function addRevocations(app: Hono<ServiceEnv>, auth: LocalAuth): void {
  app.get("/revocations", (c) => {
    const { process, version } = c.req.query();
    const since = { ...(process ? { process } : {}), version: Number(version) || 0 };
    const feed = auth.revocationFeed(c.req.header("authorization"), since);
    if (!feed) throw new Problem("not-found", "There is nothing at this path.");
    c.header("Cache-Control", "no-store");
    return c.json(feed);
  });
}
