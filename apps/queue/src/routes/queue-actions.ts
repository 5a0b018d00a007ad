import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { AccountEnv } from "@quintet/auth";
import { inputFaults, Problem, type ServiceEnv } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import type { Context } from "hono";
import { callerOf } from "../commands/caller.ts";
import type { Deps } from "../deps.ts";
import { messageSchema, sendMessages } from "../messages/send.ts";
import type { FormField, Texts } from "../pages/action-pages.ts";
import { plural } from "../pages/format.ts";
import { home, queuePath } from "../pages/frame.ts";
import { settingsFields, settingsFrom, settingTexts } from "../pages/settings-fields.ts";
import { deleteQueue, getQueue, purgeQueue, putQueue } from "../queues/queues.ts";
import { queueNameSchema, settingsInputSchema, withDefaults } from "../queues/settings.ts";
import { type Action, addAction } from "./actions.ts";
import { queueParams } from "./schemas.ts";

type Params = { name: string };

const nameField: FormField = {
  name: "name",
  label: "Name",
  hint: "Letters, digits, hyphens and underscores, at most 80. It cannot be changed later.",
};

const messageFields: readonly FormField[] = [
  { name: "body", label: "Body", type: "textarea", hint: 'JSON, such as {"order": 17}. A text stands in quotes.' },
  { name: "delaySeconds", label: "Delay", hint: "In seconds; the setting of the queue by default.", optional: true },
  { name: "groupId", label: "Group", hint: "Messages of a group are delivered in order.", optional: true },
  { name: "priority", label: "Priority", hint: "0 to 9, the highest first; 0 by default.", optional: true },
  { name: "dedupeId", label: "Deduplication id", hint: "A second message with it is not added.", optional: true },
  {
    name: "attributes",
    label: "Attributes",
    type: "textarea",
    hint: 'JSON, such as {"customer": "7"}.',
    optional: true,
  },
];

/** Adds the forms that create, change, fill, empty and delete a queue. */
export function addQueueActions(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  const add = <P extends z.ZodObject>(action: Action<P>) => addAction(app, { auth: deps.auth, frame }, action);
  const ofQueue = { params: queueParams, back: ({ name }: Params) => ({ label: name, href: queuePath(name) }) };
  const path = "/queues/{name}/actions";
  const toQueue = (name: string) => queuePath(name);
  const lengthOf = async (c: Context<AccountEnv>, name: string) => {
    const { counts } = await getQueue(deps, name, callerOf(c.var.account));
    return plural(counts.length, "message");
  };

  add({
    path: "/new",
    params: z.strictObject({}),
    summary: "Create a queue",
    description: "Redirects to the page of the new queue.",
    scope: "queue:manage",
    fields: [nameField, ...settingsFields],
    title: () => "New queue",
    label: "Create",
    back: () => ({ label: "Queues", href: home }),
    texts: async () => settingTexts({}),
    async run(c, _, { name: typed = "", ...texts }) {
      const name = parsed("name", queueNameSchema, typed);
      const settings = validated(settingsInputSchema.safeParse(settingsFrom(texts)));
      if (await deps.registry.isRegistered(name)) throw invalid("name", "is the name of a queue that exists");
      await putQueue(deps, name, withDefaults(settings), callerOf(c.var.account));
      return { to: toQueue(name), notice: "added" };
    },
  });

  add({
    ...ofQueue,
    path: `${path}/settings`,
    summary: "Change the settings of a queue",
    description: "Replaces all settings.",
    scope: "queue:manage",
    fields: settingsFields,
    title: ({ name }) => `Settings of ${name}`,
    label: "Save",
    texts: async (c, { name }) => settingTexts(await getQueue(deps, name, callerOf(c.var.account))),
    async run(c, { name }, texts) {
      const settings = validated(settingsInputSchema.safeParse(settingsFrom(texts)));
      await putQueue(deps, name, withDefaults(settings), callerOf(c.var.account));
      return { to: toQueue(name), notice: "saved" };
    },
  });

  add({
    ...ofQueue,
    path: `${path}/send`,
    summary: "Send a message",
    description: "Sends one message, such as a test message.",
    scope: "queue:send",
    fields: messageFields,
    title: ({ name }) => `Send a message to ${name}`,
    label: "Send",
    async run(c, { name }, texts) {
      const { input, payload } = messageFrom(texts);
      await sendMessages(deps.commands.as(callerOf(c.var.account)), name, [{ ...input, payload }]);
      return { to: toQueue(name), notice: "sent" };
    },
  });

  add({
    ...ofQueue,
    path: `${path}/redrive`,
    summary: "Redrive all dead letters",
    description: "Moves the dead letters of the queue back to the queues they came from.",
    scope: "queue:manage",
    title: ({ name }) => `Redrive the dead letters of ${name}?`,
    text: async ({ name }, c) => {
      const length = await lengthOf(c, name);
      return `The queue has ${length}. Those that are dead letters and ready go back to the queues they came from; their receives start again.`;
    },
    label: "Redrive",
    async run(c, { name }) {
      await deps.transfers.redrive(name, {}, callerOf(c.var.account));
      return { to: toQueue(name), notice: "moved" };
    },
  });

  add({
    ...ofQueue,
    path: `${path}/purge`,
    summary: "Purge a queue",
    description: "Deletes all messages of the queue, also delayed and leased ones.",
    scope: "queue:manage",
    title: ({ name }) => `Purge ${name}?`,
    text: async ({ name }, c) =>
      `All messages of the queue are deleted, also delayed and leased ones: ${await lengthOf(c, name)} now. This cannot be undone.`,
    label: "Purge",
    danger: true,
    async run(c, { name }) {
      await purgeQueue(deps, name, callerOf(c.var.account));
      return { to: toQueue(name), notice: "deleted" };
    },
  });

  add({
    ...ofQueue,
    path: `${path}/delete`,
    summary: "Delete a queue",
    description: "Deletes the queue with all its messages.",
    scope: "queue:manage",
    title: ({ name }) => `Delete ${name}?`,
    text: async ({ name }, c) =>
      `The queue is deleted with all its messages: ${await lengthOf(c, name)} now. This cannot be undone.`,
    label: "Delete",
    danger: true,
    async run(c, { name }) {
      await deleteQueue(deps, name, callerOf(c.var.account));
      return { to: home, notice: "deleted" };
    },
  });
}

function invalid(path: string, message: string): Problem {
  return new Problem("unprocessable", `${path}: ${message}`, { errors: [{ path, message }] });
}

/** The value of a schema, or a 422 that names each wrong field. */
function validated<T>(result: z.ZodSafeParseResult<T>): T {
  if (result.success) return result.data;
  throw new Problem("unprocessable", "The input is invalid.", { errors: inputFaults(result.error) });
}

function parsed<T>(path: string, schema: z.ZodType<T>, text: string): T {
  const result = schema.safeParse(text);
  if (result.success) return result.data;
  throw invalid(path, result.error.issues[0]?.message ?? "is invalid");
}

/** The message that was typed. The body stays the JSON text that it is. */
function messageFrom({ body = "", attributes = "", ...texts }: Texts) {
  const json = (path: string, text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      throw invalid(path, 'must be JSON; a text stands in quotes, such as "hello"');
    }
  };
  const given = Object.entries(texts).filter(([, text]) => text.trim() !== "");
  const input = {
    ...Object.fromEntries(
      given.map(([name, text]) => [
        name,
        /^\d+$/.test(text) && name !== "groupId" && name !== "dedupeId" ? Number(text) : text,
      ]),
    ),
    ...(attributes.trim() === "" ? {} : { attributes: json("attributes", attributes) }),
    body: json("body", body),
  };
  const { body: _, ...checked } = validated(messageSchema.safeParse(input));
  return { input: checked, payload: body.trim() };
}
