import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { type AccountEnv, guards } from "@quintet/auth";
import { jsonBody, jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import type { Context } from "hono";
import { callerOf } from "../commands/caller.ts";
import type { Deps } from "../deps.ts";
import { ack, extend, nack } from "../messages/leases.ts";
import {
  ackInputSchema,
  extendInputSchema,
  extendResultsSchema,
  nackInputSchema,
  queueParams as params,
  receiptResultsSchema,
} from "./schemas.ts";

const tags = ["named queues"];

/** Adds the routes by which a receiver ends or extends its leases: `/queue/queues/{name}/ack`, `/nack`, `/extend`. */
export function addLeaseRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  const commandsFor = (c: Context<AccountEnv>) => deps.commands.as(callerOf(c.get("account")));

  return app
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "post",
        path: "/queues/{name}/ack",
        tags,
        summary: "Ack messages",
        description:
          "Deletes messages that have been processed. A message that is not acked before its lease ends is delivered again.",
        request: { params, ...noQuery, ...jsonBody(ackInputSchema) },
        responses: { 200: jsonResponse(receiptResultsSchema, "The result for each receipt") },
      }),
      async (c) => {
        const results = await ack(commandsFor(c), c.req.valid("param").name, c.req.valid("json").receipts);
        return c.json({ results }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "post",
        path: "/queues/{name}/nack",
        tags,
        summary: "Nack messages",
        description:
          "Returns messages to the queue, to be received again after a delay: `delaySeconds`, or the back-off of the queue. After its last " +
          "receive (`maxReceives`) a message moves to the dead-letter queue instead, or stays as a dead letter.",
        request: { params, ...noQuery, ...jsonBody(nackInputSchema) },
        responses: { 200: jsonResponse(receiptResultsSchema, "The result for each receipt") },
      }),
      async (c) => {
        const { receipts, delaySeconds } = c.req.valid("json");
        const own = { ...deps, commands: commandsFor(c) };
        return c.json({ results: await nack(own, c.req.valid("param").name, receipts, delaySeconds) }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "post",
        path: "/queues/{name}/extend",
        tags,
        summary: "Extend leases",
        description: "Sets a new end for leases, later or sooner than the present one, counted from now.",
        request: { params, ...noQuery, ...jsonBody(extendInputSchema) },
        responses: { 200: jsonResponse(extendResultsSchema, "The result for each receipt") },
      }),
      async (c) => {
        const { receipts, visibilitySeconds } = c.req.valid("json");
        const results = await extend(commandsFor(c), c.req.valid("param").name, receipts, visibilitySeconds);
        return c.json({ results }, 200);
      },
    );
}
