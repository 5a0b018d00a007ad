import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  decodeCursor,
  encodeCursor,
  errorResponse,
  htmlContent,
  jsonBody,
  jsonResponse,
  noQuery,
  type ServiceEnv,
} from "@quintet/http";
import { type PageFrame, prefersHtml } from "@quintet/pages";
import type { StoredMessage } from "../commands/browse-commands.ts";
import { callerOf } from "../commands/caller.ts";
import type { Deps } from "../deps.ts";
import { cancelMessage, getMessage, listMessages, postponeMessage } from "../messages/browse.ts";
import { unpack } from "../messages/packed.ts";
import {
  listMessagesQuery,
  messageParams,
  positionIn,
  postponeInputSchema,
  type StoredMessages,
  type StoredMessageView,
  storedMessageSchema,
  storedMessagesSchema,
} from "./browse-schemas.ts";
import { jsonTextResponse } from "./json-text.ts";
import { queueParams as params } from "./schemas.ts";
import { sendMessage, sendMessages } from "./view-pages.ts";

const tags = ["named queues"];

/** Adds the routes that look at the messages of a queue: `GET /queue/queues/{name}/messages`, and one message at `/messages/{id}`. */
export function addBrowseRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);

  return app
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "get",
        path: "/queues/{name}/messages",
        tags,
        summary: "List messages",
        description:
          "Shows messages without receiving them: nothing is leased, counted or reordered. With `state`, in the order in which they become " +
          "available or their leases end; else the longest available first. Filters combine. One request looks at about 10,000 messages, " +
          "so a search may return a page with few messages or none and a `nextCursor`: continue until it is null. A page has about 4 MiB " +
          "of messages. Messages that are sent, acked or change their state meanwhile neither hide nor repeat others. `Accept: text/html` " +
          "gets a page.",
        request: { params, query: listMessagesQuery },
        responses: {
          200: {
            description: "One page of messages",
            content: { ...jsonResponse(storedMessagesSchema, "").content, ...htmlContent },
          },
        },
      }),
      async (c) => {
        const { name } = c.req.valid("param");
        if (prefersHtml(c.req.header("accept"), false)) {
          return sendMessages(c, deps, frame, { name, query: c.req.valid("query") });
        }
        const { limit, cursor, ...query } = c.req.valid("query");
        const list = JSON.stringify([name, query]);
        const after = decodeCursor(deps.cursorKey, cursor, positionIn(list));
        const commands = deps.commands.as(callerOf(c.get("account")));
        const { messages, next } = await listMessages(commands, name, query, { limit, after });
        const nextCursor = next === undefined ? null : encodeCursor(deps.cursorKey, [list, ...next]);
        const text = `{"messages":[${messages.map(messageText).join(",")}],"nextCursor":${JSON.stringify(nextCursor)}}`;
        return jsonTextResponse<StoredMessages, 200>(c, text, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "get",
        path: "/queues/{name}/messages/{id}",
        tags,
        summary: "Get a message",
        description: "Shows a message without receiving it. `Accept: text/html` gets a page.",
        request: { params: messageParams, ...noQuery },
        responses: {
          200: {
            description: "The message",
            content: { ...jsonResponse(storedMessageSchema, "").content, ...htmlContent },
          },
        },
      }),
      async (c) => {
        const { name, id } = c.req.valid("param");
        if (prefersHtml(c.req.header("accept"), false)) return sendMessage(c, deps, frame, { name, id });
        const message = await getMessage(deps.commands.as(callerOf(c.get("account"))), name, id);
        return jsonTextResponse<StoredMessageView, 200>(c, messageText(message), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "delete",
        path: "/queues/{name}/messages/{id}",
        tags,
        summary: "Cancel a message",
        description:
          "Deletes a message, in whatever state it is. When it is leased, its receiver is not interrupted: its receipt is `not-found` from " +
          "then on. In `flow` the message counts as purged.",
        request: { params: messageParams, ...noQuery },
        responses: {
          204: { description: "Message deleted" },
          409: errorResponse("The message is being transferred to another queue"),
        },
      }),
      async (c) => {
        const { name, id } = c.req.valid("param");
        await cancelMessage(deps.commands.as(callerOf(c.get("account"))), name, id);
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("queue:receive"),
        method: "patch",
        path: "/queues/{name}/messages/{id}",
        tags,
        summary: "Put off a message or bring it forward",
        description:
          "Sets when a message can be received, counted from now: 0 makes a delayed message ready. Its retention counts from then. A message " +
          "of a group that waits for an earlier one still waits for it.",
        request: { params: messageParams, ...noQuery, ...jsonBody(postponeInputSchema) },
        responses: {
          200: jsonResponse(storedMessageSchema, "The message"),
          409: errorResponse("The message is leased, dead, or being transferred to another queue"),
        },
      }),
      async (c) => {
        const { name, id } = c.req.valid("param");
        const commands = deps.commands.as(callerOf(c.get("account")));
        const message = await postponeMessage(commands, name, id, c.req.valid("json").delaySeconds);
        return jsonTextResponse<StoredMessageView, 200>(c, messageText(message), 200);
      },
    );
}

const timeOf = (ms: number) => (ms === 0 ? null : new Date(ms).toISOString());

/** A message as JSON text, with its body as it was sent. */
function messageText(message: StoredMessage): string {
  const { payload, cutBytes, availableAt, leaseEnd, sentAt, firstReceivedAt, origin, ...rest } = message;
  const { attributes, body } = unpack(payload);
  const hasTime = rest.state === "ready" || rest.state === "delayed" || rest.state === "blocked";
  const path = origin === "" ? [] : origin.split("/");
  const fields = {
    ...rest,
    groupId: rest.groupId || null,
    tenantId: rest.tenantId || null,
    sender: rest.sender === "" ? null : Number(rest.sender),
    dedupeId: rest.dedupeId || null,
    sentAt: timeOf(sentAt),
    availableAt: hasTime ? timeOf(availableAt) : null,
    leasedUntil: timeOf(leaseEnd),
    firstReceivedAt: timeOf(firstReceivedAt),
    deadLetterOf: path.at(-1) ?? null,
    deadLetterPath: path,
    truncated: cutBytes > 0,
    // A character may be cut in two.
    bodyStart: cutBytes > 0 ? body.replace(/\ufffd+$/, "") : null,
  };
  const bodyText = cutBytes > 0 ? "null" : body;
  return `${JSON.stringify(fields).slice(0, -1)},"attributes":${attributes || "{}"},"body":${bodyText}}`;
}
