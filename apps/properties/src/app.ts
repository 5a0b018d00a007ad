import type { OpenAPIHono } from "@hono/zod-openapi";
import { createService, type ServiceEnv } from "@quintet/http";
import type { Deps } from "./deps.ts";
import { addEditingRoutes } from "./routes/editing.ts";
import { addLikeRoutes } from "./routes/likes.ts";
import { addListingRoutes } from "./routes/listings.ts";

/** The listings at `/properties`. Opens no port and reads no environment. */
export function createApp(deps: Deps): OpenAPIHono<ServiceEnv> {
  const app = createService({
    ...deps.service,
    tags: {
      likes: "The properties that an account likes",
      properties: "Real-estate listings with their current status",
      "status history": "The changes of a property's status",
    },
  });
  deps.indexing.start();
  deps.records.start();
  deps.likeRecount.start();
  addLikeRoutes(app, deps); // First, so that /liked is not matched as an id.
  addListingRoutes(app, deps);
  addEditingRoutes(app, deps);
  return app;
}

/** The types of the app's operations, for the typed client. */
export type PropertiesApi = ReturnType<typeof addLikeRoutes | typeof addListingRoutes | typeof addEditingRoutes>;
