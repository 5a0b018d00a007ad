import type { OpenAPIHono } from "@hono/zod-openapi";
import { createService, type ServiceEnv } from "@quintet/http";
import type { Deps } from "./deps.ts";
import { addPeople } from "./routes/people.ts";
import { addPosts } from "./routes/posts.ts";
import { addVotes } from "./routes/votes.ts";

/** Users, posts and votes below `/social`. */
export function createApp(deps: Deps): OpenAPIHono<ServiceEnv> {
  const app = createService({
    title: "Quintet social",
    version: "0.1.0",
    tags: { social: "People, posts and votes" },
    prefix: "/social",
    log: deps.log,
    corsOrigins: deps.corsOrigins,
    checks: { postgres: deps.database.ping, redis: () => deps.health.ping() },
  });
  deps.records.start();
  addPeople(app, deps);
  addPosts(app, deps);
  addVotes(app, deps);
  return app;
}

/** The types of its calls, from which a client gets its own. */
export type SocialApi = ReturnType<typeof addPeople | typeof addPosts | typeof addVotes>;
