import type { OpenAPIHono } from "@hono/zod-openapi";
import { createService, type ServiceEnv } from "@quintet/http";
import type { Deps } from "./deps.ts";
import { editingRoutes } from "./routes/editing.ts";
import { likeRoutes } from "./routes/likes.ts";
import { listingRoutes } from "./routes/listings.ts";

/** The listings at `/properties`. Listens to nothing and reads no environment. */
export function createApp(deps: Deps): OpenAPIHono<ServiceEnv> {
  const app = createService({
    ...deps.service,
    tags: {
      likes: "What accounts like",
      properties: "Listings, each once, with its latest status",
      "status history": "How the status of a listing came to be",
    },
  });
  deps.indexing.start();
  deps.records.start();
  likeRoutes(app, deps); // First: /liked must not be taken for an id.
  listingRoutes(app, deps);
  editingRoutes(app, deps);
  return app;
}

/** The types of its calls, from which a client gets its own. */
export type PropertiesApi = ReturnType<typeof likeRoutes | typeof listingRoutes | typeof editingRoutes>;
