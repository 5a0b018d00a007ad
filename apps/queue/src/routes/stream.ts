import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { eventStream, problemBody, type ServiceEnv, toProblem, wholeNumber } from "@quintet/http";
import { callerOf } from "../commands/caller.ts";
import type { Deps } from "../deps.ts";
import { openStream } from "../streams/stream.ts";
import { messageText } from "./messages.ts";
import { queueParams as params } from "./schemas.ts";

const scope = "queue:receive";
const streamQuery = z.strictObject({
  max: wholeNumber(1, 1000)
    .optional()
    .describe("Max messages in flight: sent, and neither acked nor nacked; 1 to 1000, 10 by default"),
  visibilitySeconds: wholeNumber(0, 43_200)
    .optional()
    .describe("Length of the leases, in seconds; the setting of the queue by default"),
});

/** Adds `GET /queue/queues/{name}/stream`: messages as they come. */
export function addStreamRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);

  return app.openapi(
    createRoute({
      ...guard.account(scope),
      method: "get",
      path: "/queues/{name}/stream",
      tags: ["named queues"],
      summary: "Stream messages",
      description:
        "Server-sent events: each `message` event has a message in the form of `receive`, leased to the client; ack, nack and extend take " +
        "its receipt. No more than `max` messages are in flight, and further ones are sent as these are settled. A stream that ends says " +
        "why: `end` when the process stops (connect again), `problem` for an error, such as a token that has expired. Comments every 15 " +
        "seconds keep it open. When the client disconnects, what it was sent comes back when the leases end.",
      request: { params, query: streamQuery },
      responses: {
        200: {
          description: "Messages as events, until the stream ends",
          content: { "text/event-stream": { schema: { type: "string" as const } } },
        },
      },
    }),
    async (c) => {
      const { name } = c.req.valid("param");
      const { max = 10, visibilitySeconds } = c.req.valid("query");
      const own = { ...deps, commands: deps.commands.as(callerOf(c.var.account)) };
      const gone = new AbortController();
      const signal = AbortSignal.any([c.req.raw.signal, gone.signal]);
      const client = { signal, checkCredentials: () => guard.recheck(c, scope) };
      const opened = await openStream(own, name, { max, visibilitySeconds }, client);
      // A gateway without room for another waiting request rejects it here.
      await using opening = new AsyncDisposableStack();
      opening.use(opened);
      const response = eventStream(c, async (stream) => {
        stream.onAbort(() => gone.abort());
        await using messages = opened;
        try {
          await stream.write(": open\nretry: 1000\n\n");
          const reason = await messages.run({
            message: (message) => stream.writeSSE({ event: "message", id: message.id, data: messageText(message) }),
            heartbeat: async () => void (await stream.write(": open\n\n")),
          });
          if (reason === "stopping") await stream.writeSSE({ event: "end", data: JSON.stringify({ reason }) });
        } catch (error) {
          const problem = toProblem(error);
          if (problem.status >= 500) {
            c.var.log.error({ err: problem.cause ?? problem, http: { request: { id: c.var.requestId } } });
          }
          await stream.writeSSE({
            event: "problem",
            data: JSON.stringify(problemBody(problem, c.req.path, c.var.requestId)),
          });
        }
      });
      if (c.req.method !== "HEAD") opening.move();
      return response;
    },
  );
}
