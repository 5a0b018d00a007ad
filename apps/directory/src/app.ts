import type { OpenAPIHono } from "@hono/zod-openapi";
import { signedInAs } from "@quintet/auth";
import { createService, type ServiceEnv } from "@quintet/http";
import { pageAssets, problemPages } from "@quintet/pages";
import type { Deps } from "./deps.ts";
import { directorySection, home } from "./pages/section.ts";
import { addFormRoutes } from "./routes/forms.ts";
import { addListRoutes } from "./routes/list.ts";
import { addUserRoutes } from "./routes/users.ts";

/** The user directory at `/directory`: an API and its pages. Listens to nothing and reads no environment. */
export function createApp(deps: Deps): OpenAPIHono<ServiceEnv> {
  const app = createService({
    ...deps.service,
    tags: {
      directory: "Users, found by any part of a name",
      "directory pages": "The forms by which staff change them in a browser",
    },
  });
  const assets = pageAssets(home);
  const section = { ...directorySection(assets), signedInAs: signedInAs(deps.auth) };
  app.use(problemPages(app, section));
  app.route("/assets", assets.routes as never);
  deps.records.start();
  addListRoutes(app, deps, section);
  addFormRoutes(app, deps, section); // Before the users: /users/new must not be taken for an id.
  addUserRoutes(app, deps, section);
  return app;
}

/** The types of its calls, from which a client gets its own. */
export type DirectoryApi = ReturnType<typeof addListRoutes | typeof addUserRoutes>;
