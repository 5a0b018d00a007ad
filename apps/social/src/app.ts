import type { OpenAPIHono } from "@hono/zod-openapi";
import { createService, type ServiceEnv } from "@quintet/http";
import type { Deps } from "./deps.ts";
import { addPeople } from "./routes/people.ts";
import { addPosts } from "./routes/posts.ts";
import { addVotes } from "./routes/votes.ts";

/** Users, posts and votes below `/social`. */
export function createApp(deps: Deps): OpenAPIHono<ServiceEnv> {
  const app = createService({
    ...deps.service,
    tags: { social: "People, posts and votes" },
  });
  deps.records.start();
  addPeople(app, deps);
  addPosts(app, deps);
  addVotes(app, deps);
  return app;
}

/** The types of its calls, from which a client gets its own. */
export type SocialApi = ReturnType<typeof addPeople | typeof addPosts | typeof addVotes>;
