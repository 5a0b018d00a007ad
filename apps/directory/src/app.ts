import type { OpenAPIHono } from "@hono/zod-openapi";
import { signedInAs } from "@quintet/auth";
import { createService, type ServiceEnv } from "@quintet/http";
import type { Deps } from "./deps.ts";
import { directoryFrame } from "./pages/frame.ts";
import { addFormRoutes } from "./routes/forms.ts";
import { addListRoutes } from "./routes/list.ts";
import { addUserRoutes } from "./routes/users.ts";

/** The user directory at `/directory`: an API and its pages. Listens to nothing and reads no environment. */
export function createApp(deps: Deps): OpenAPIHono<ServiceEnv> {
  const frame = directoryFrame(signedInAs(deps.auth));
  const app = createService({
    ...deps.service,
    frame,
    tags: {
      directory: "Users, found by any part of a name",
      "directory pages": "The forms by which staff change them in a browser",
    },
  });
  deps.records.start();
  addListRoutes(app, deps, frame);
  addFormRoutes(app, deps, frame); // Before the users: /users/new must not be taken for an id.
  addUserRoutes(app, deps, frame);
  return app;
}

/** The types of its calls, from which a client gets its own. */
export type DirectoryApi = ReturnType<typeof addListRoutes | typeof addUserRoutes>;
