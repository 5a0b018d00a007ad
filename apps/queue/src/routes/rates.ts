import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import { callerOf } from "../commands/caller.ts";
import type { Deps } from "../deps.ts";
import { ratesOf } from "../figures/rates.ts";
import { getQueue } from "../queues/queues.ts";
import { queueParams as params, ratesSchema } from "./schemas.ts";

/** Adds the route of the rates of a queue: `/queue/queues/{name}/rates`. */
export function addRateRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);

  return app.openapi(
    createRoute({
      ...guard.account("queue:read"),
      method: "get",
      path: "/queues/{name}/rates",
      tags: ["named queues"],
      summary: "Get the rates of a queue",
      description:
        "Gets how many messages were sent, received and acked in each of the last 60 minutes, and how many there were at its end. The " +
        "current minute is the last one and not over yet. Changes are visible after about two seconds.",
      request: { params, ...noQuery },
      responses: { 200: jsonResponse(ratesSchema, "The last hour of the queue") },
    }),
    async (c) => {
      const { name, createdAt } = await getQueue(deps, c.req.valid("param").name, callerOf(c.get("account")));
      const [minutes = []] = await ratesOf(deps.figures, [{ name, createdAt: Date.parse(createdAt) }]);
      return c.json({ name, minutes }, 200);
    },
  );
}
