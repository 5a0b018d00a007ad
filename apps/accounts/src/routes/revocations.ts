import { Problem, type ServiceEnv } from "@quintet/http";
import type { Hono } from "hono";
import type { LocalAuth } from "../local-auth.ts";

/**
 * `/auth/revocations`: the feed of revocations for the other processes of this installation, which prove that they have its
 * secret. They read it while Redis does not respond. It is not part of the OpenAPI document.
 */
export function addRevocations(app: Hono<ServiceEnv>, auth: LocalAuth): void {
  app.get("/revocations", (c) => {
    const { process, version } = c.req.query();
    const since = { ...(process ? { process } : {}), version: Number(version) || 0 };
    const feed = auth.revocationFeed(c.req.header("authorization"), since);
    if (!feed) throw new Problem("not-found", "There is no resource at this path.");
    c.header("Cache-Control", "no-store");
    return c.json(feed);
  });
}
