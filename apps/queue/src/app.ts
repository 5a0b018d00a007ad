import type { OpenAPIHono } from "@hono/zod-openapi";
import { createService, type ServiceEnv } from "@quintet/http";
import type { Deps } from "./deps.ts";
import { addLeases } from "./routes/leases.ts";
import { addLogin } from "./routes/login.ts";
import { addMessages } from "./routes/messages.ts";
import { addQueues } from "./routes/queues.ts";
import { addSimple } from "./routes/simple.ts";
import { addStatus } from "./routes/status.ts";

/** The message queue below `/queue`. */
export function createApp(deps: Deps): OpenAPIHono<ServiceEnv> {
  const app = createService({
    ...deps.service,
    tags: {
      queue: "First in, first out, and what is popped is gone",
      "named queues": "Messages with leases, delays, priorities, groups and dead letters",
    },
    checks: { ...deps.service.checks, queues: deps.checkQueues },
  });
  addStatus(app, deps);
  addSimple(app, deps);
  addLogin(app, deps);
  app.use("/queues/*", (_, next) => {
    deps.sweep.start();
    return next();
  });
  addQueues(app, deps);
  addMessages(app, deps);
  addLeases(app, deps);
  return app;
}

/** The types of its calls, from which a client gets its own. */
export type QueueApi = ReturnType<
  typeof addStatus | typeof addSimple | typeof addLogin | typeof addQueues | typeof addMessages | typeof addLeases
>;
