import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { noQuery, Problem, type ServiceEnv } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import { callerOf } from "../commands/caller.ts";
import type { Deps } from "../deps.ts";
import { cancelMessage, getMessage, postponeMessage } from "../messages/browse.ts";
import { unpack } from "../messages/packed.ts";
import { messagePath, queuePath } from "../pages/frame.ts";
import { redrive } from "../transfers/redrives.ts";
import { type Action, addAction } from "./actions.ts";
import { messageParams, postponeInputSchema } from "./browse-schemas.ts";
import { inputFrom } from "./form-input.ts";
import { redriveInputSchema } from "./redrives.ts";

/** Adds the forms that cancel a message or change its delay, and its body as plain text. */
export function addMessageActions(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  const add = <P extends z.ZodObject>(action: Action<P>) => addAction(app, { auth: deps.auth, frame }, action);
  const path = "/queues/{name}/messages/{id}/actions";
  type Params = z.output<typeof messageParams>;
  const ofMessage = {
    params: messageParams,
    back: ({ name, id }: Params) => ({ label: "Message", href: messagePath(name, id) }),
  };

  add({
    ...ofMessage,
    path: `${path}/cancel`,
    summary: "Cancel a message",
    description: "Deletes a message, in whatever state it is.",
    scope: "queue:receive",
    title: () => "Cancel this message?",
    text: ({ name, id }) =>
      `Message ${id} is deleted from ${name}. If it is leased, its receiver is not interrupted. This cannot be undone.`,
    label: "Cancel the message",
    danger: true,
    async run(c, { name, id }) {
      await cancelMessage(deps.commands.as(callerOf(c.var.account)), name, id);
      return { to: `${queuePath(name)}/messages`, notice: "deleted" };
    },
  });

  add({
    ...ofMessage,
    path: `${path}/redrive`,
    summary: "Redrive a message",
    description: "Moves one dead letter back to the queue it came from, or to another.",
    scope: "queue:manage",
    fields: [{ name: "to", label: "Destination", hint: "A queue; by default the one it came from.", optional: true }],
    title: () => "Redrive this message?",
    label: "Redrive",
    async run(c, { name, id }, texts) {
      const options = { ...inputFrom(redriveInputSchema, texts), ids: [id] };
      const moved = await redrive(deps, name, options, callerOf(c.var.account));
      if (moved === 0)
        throw new Problem("conflict", `Message ${id} was not moved: it is leased, gone, or no dead letter.`);
      return { to: `${queuePath(name)}/messages`, notice: "moved" };
    },
  });

  add({
    ...ofMessage,
    path: `${path}/postpone`,
    summary: "Put off a message or bring it forward",
    description: "Sets when a message can be received.",
    scope: "queue:receive",
    fields: [
      {
        name: "delaySeconds",
        label: "Available in",
        hint: "Seconds from now, at most 7,776,000 (90 days); 0 for at once.",
      },
    ],
    title: () => "When can this message be received?",
    label: "Save",
    texts: async () => ({ delaySeconds: "0" }),
    async run(c, { name, id }, { delaySeconds = "" }) {
      const input = inputFrom(postponeInputSchema, { delaySeconds });
      await postponeMessage(deps.commands.as(callerOf(c.var.account)), name, id, input.delaySeconds);
      return { to: messagePath(name, id), notice: "saved" };
    },
  });

  app.openapi(
    createRoute({
      ...guards(deps.auth).account("queue:receive"),
      method: "get",
      path: "/queues/{name}/messages/{id}/body",
      tags: ["queue pages"],
      summary: "Get the body of a message as text",
      description: "The whole JSON text of the body, as it was sent, for browsers.",
      request: { params: messageParams, ...noQuery },
      responses: {
        200: {
          description: "The body",
          content: { "text/plain": { schema: z.string().openapi({ description: "JSON text" }) } },
        },
      },
    }),
    async (c) => {
      const { name, id } = c.req.valid("param");
      const { payload } = await getMessage(deps.commands.as(callerOf(c.var.account)), name, id);
      c.header("Cache-Control", "no-store");
      c.header("X-Content-Type-Options", "nosniff");
      return c.text(unpack(payload).body, 200);
    },
  );
}
