import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { jsonBody, jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { ack, extend, nack, receiptsSchema } from "../messages/leases.ts";
import { integerField, queueNameSchema } from "../queues/settings.ts";
import { rejectBody, rejectedBodyResponses } from "./json-text.ts";

const tags = ["named queues"];
const params = z.strictObject({ name: queueNameSchema });

const status = z.enum(["ok", "not-found"]).openapi({
  description: "not-found: the lease is over, the message is gone, or this was never a receipt of this queue",
});
const resultsSchema = z
  .object({ results: z.array(z.object({ receipt: z.string(), status })) })
  .openapi("ReceiptResults");
const extendedSchema = z
  .object({ results: z.array(z.object({ receipt: z.string(), status, leasedUntil: z.iso.datetime().nullable() })) })
  .openapi("ExtendResults");

/** What a receiver does with its leases: `/queue/queues/{name}/ack`, `/nack`, `/extend`; and `/redrive`. */
export function addLeaseRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);

  return app
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "post",
        path: "/queues/{name}/ack",
        tags,
        summary: "The messages are done: remove them",
        request: { params, ...noQuery, ...jsonBody(z.strictObject({ receipts: receiptsSchema })) },
        responses: { 200: jsonResponse(resultsSchema, "What became of each receipt, in the order given") },
      }),
      async (c) => {
        const results = await ack(deps.commands, c.req.valid("param").name, c.req.valid("json").receipts);
        return c.json({ results }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "post",
        path: "/queues/{name}/nack",
        tags,
        summary: "Give messages back, at once or after a delay",
        request: {
          params,
          ...noQuery,
          ...jsonBody(z.strictObject({ receipts: receiptsSchema, delaySeconds: integerField(0, 900).default(0) })),
        },
        responses: { 200: jsonResponse(resultsSchema, "What became of each receipt, in the order given") },
      }),
      async (c) => {
        const { receipts, delaySeconds } = c.req.valid("json");
        return c.json({ results: await nack(deps, c.req.valid("param").name, receipts, delaySeconds) }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "post",
        path: "/queues/{name}/extend",
        tags,
        summary: "Let leases end later, or sooner: so many seconds from now",
        request: {
          params,
          ...noQuery,
          ...jsonBody(z.strictObject({ receipts: receiptsSchema, visibilitySeconds: integerField(0, 43_200) })),
        },
        responses: { 200: jsonResponse(extendedSchema, "What became of each receipt, in the order given") },
      }),
      async (c) => {
        const { receipts, visibilitySeconds } = c.req.valid("json");
        const results = await extend(deps.commands, c.req.valid("param").name, receipts, visibilitySeconds);
        return c.json({ results }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:manage"),
        method: "post",
        path: "/queues/{name}/redrive",
        tags,
        summary: "Send the dead letters in this queue back to the queues they came from",
        request: { params, ...noQuery },
        responses: {
          200: jsonResponse(z.object({ moved: z.number().int() }), "How many were moved"),
          ...rejectedBodyResponses,
        },
      }),
      async (c) => {
        await rejectBody(c.req);
        return c.json({ moved: await deps.transfers.redrive(c.req.valid("param").name) }, 200);
      },
    );
}
