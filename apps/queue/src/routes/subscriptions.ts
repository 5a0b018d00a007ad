import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  cursorParam,
  decodeCursor,
  encodeCursor,
  errorResponse,
  htmlContent,
  jsonBody,
  jsonResponse,
  limitParam,
  noQuery,
  type ServiceEnv,
} from "@quintet/http";
import { nextPage, type PageFrame, prefersHtml, sendPage } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { subscriptionsPage } from "../pages/list-pages.ts";
import {
  deleteSubscription,
  getSubscription,
  listSubscriptions,
  putSubscription,
  subscriptionIdSchema,
} from "../webhooks/subscriptions.ts";
import { queueParams } from "./schemas.ts";
import {
  subscriptionParams as params,
  putSubscriptionSchema,
  subscriptionInput,
  subscriptionListSchema,
  subscriptionSchema,
} from "./subscription-schemas.ts";

const tags = ["webhooks"];
const listQuery = z.strictObject({
  limit: limitParam(50).describe("Max number of subscriptions on the page, 1 to 100; 50 by default"),
  cursor: cursorParam,
});

/** Adds the routes of webhooks: `/queue/queues/{name}/subscriptions` and `…/{id}`. */
export function addSubscriptionRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);
  const ofPath = ({ name, id }: { name: string; id: string }) => ({ queue: name, id });

  return app
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "get",
        path: "/queues/{name}/subscriptions",
        tags,
        summary: "List subscriptions",
        description:
          "Lists the subscriptions of a queue by id: all for those who may manage it, for others their own. `Accept: text/html` gets a page.",
        request: { params: queueParams, query: listQuery },
        responses: {
          200: {
            description: "One page of subscriptions",
            content: { ...jsonResponse(subscriptionListSchema, "").content, ...htmlContent },
          },
        },
      }),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const after = decodeCursor(deps.cursorKey, cursor, subscriptionIdSchema);
        const { name } = c.req.valid("param");
        const { found, last } = await listSubscriptions(deps, name, c.var.account, { limit, after });
        const nextCursor = last === undefined ? null : encodeCursor(deps.cursorKey, last);
        if (!prefersHtml(c.req.header("accept"), false)) return c.json({ subscriptions: found, nextCursor }, 200);
        const body = subscriptionsPage(name, found, nextPage(c, nextCursor));
        return sendPage(c, frame, { title: `Webhooks of ${name}`, body });
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "put",
        path: "/queues/{name}/subscriptions/{id}",
        tags,
        summary: "Create or replace a subscription",
        description:
          "Delivers the messages of a queue to a URL by POST, signed as Standard Webhooks specifies. Each message is leased for its " +
          "delivery: a response of 2xx acks it, 410 stops the subscription, and after anything else it comes back as after a nack, " +
          "`Retry-After` being honoured. Messages are delivered at least once, with their id in `webhook-id`. The subscription receives in " +
          "the name of this account and stops when the account loses the right to. A queue may have up to 10 subscriptions.",
        request: { params, ...noQuery, ...jsonBody(subscriptionInput) },
        responses: {
          200: jsonResponse(putSubscriptionSchema, "Subscription replaced"),
          201: jsonResponse(putSubscriptionSchema, "Subscription created"),
          429: errorResponse("The queue or the account has too many subscriptions"),
        },
      }),
      async (c) => {
        const at = ofPath(c.req.valid("param"));
        const { created, secret } = await putSubscription(deps, at, c.var.account, c.req.valid("json"));
        const shown = { ...(await getSubscription(deps, at, c.var.account)), ...(secret && { secret }) };
        c.header("Cache-Control", "no-store");
        if (!created) return c.json(shown, 200);
        c.header("Location", c.req.path);
        return c.json(shown, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "get",
        path: "/queues/{name}/subscriptions/{id}",
        tags,
        summary: "Get a subscription",
        description: "Gets a subscription with its last delivery and its last error, without its secret.",
        request: { params, ...noQuery },
        responses: { 200: jsonResponse(subscriptionSchema, "The subscription") },
      }),
      async (c) => c.json(await getSubscription(deps, ofPath(c.req.valid("param")), c.var.account), 200),
    )
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "delete",
        path: "/queues/{name}/subscriptions/{id}",
        tags,
        summary: "Delete a subscription",
        description: "Deletes a subscription of this account, or any one of a queue that this account may manage.",
        request: { params, ...noQuery },
        responses: { 204: { description: "Subscription deleted" } },
      }),
      async (c) => {
        await deleteSubscription(deps, ofPath(c.req.valid("param")), c.var.account);
        return c.body(null, 204);
      },
    );
}
