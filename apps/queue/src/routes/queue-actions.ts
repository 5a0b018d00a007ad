import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { AccountEnv } from "@quintet/auth";
import type { ServiceEnv } from "@quintet/http";
import { type FormField, type PageFrame, plural } from "@quintet/pages";
import type { Context } from "hono";
import { callerOf } from "../commands/caller.ts";
import type { Deps } from "../deps.ts";
import { messageSchema, sendMessages } from "../messages/send.ts";
import { home, queuePath } from "../pages/frame.ts";
import { settingsFields, settingsFrom, settingTexts } from "../pages/settings-fields.ts";
import { deleteQueue, getQueue, purgeQueue, putQueue } from "../queues/queues.ts";
import { queueNameSchema, settingsInputSchema, withDefaults } from "../queues/settings.ts";
import { cancelRedrive, redrive, startRedrive } from "../transfers/redrives.ts";
import { type Action, addAction } from "./actions.ts";
import { inputFrom, invalid, messageFields } from "./form-input.ts";
import { validate } from "./messages.ts";
import { redriveInputSchema, redriveParams } from "./redrives.ts";
import { queueParams } from "./schemas.ts";

type Params = { name: string };

const nameField: FormField = {
  name: "name",
  label: "Name",
  hint: "Letters, digits, hyphens and underscores, at most 80. With .fifo at its end, the queue keeps the order of each group.",
};

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
    path: "/new-queue",
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
      const { name } = inputFrom(z.strictObject({ name: queueNameSchema }), { name: typed });
      const settings = validate(settingsInputSchema, settingsFrom(texts));
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
      const settings = validate(settingsInputSchema, settingsFrom(texts));
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
    fields: [...messageFields, { name: "dedupeId", label: "Deduplication id", optional: true }],
    title: ({ name }) => `Send a message to ${name}`,
    label: "Send",
    async run(c, { name }, texts) {
      const { body: _, ...input } = inputFrom(messageSchema, texts);
      const payload = (texts.body ?? "").trim(); // The JSON text as it was typed.
      await sendMessages(deps.commands.as(callerOf(c.var.account)), name, [{ ...input, payload }]);
      return { to: toQueue(name), notice: "sent" };
    },
  });

  add({
    ...ofQueue,
    path: `${path}/redrive`,
    summary: "Redrive dead letters",
    description:
      "Moves the dead letters of the queue back to the queues they came from, or to another. With a rate it runs as a task.",
    scope: "queue:manage",
    fields: [
      {
        name: "to",
        label: "Destination",
        hint: "A queue; by default each goes back to the one it came from.",
        optional: true,
      },
      { name: "max", label: "Max number", hint: "All by default.", optional: true },
      {
        name: "perSecond",
        label: "Per second",
        hint: "Runs as a task that can be cancelled; no limit by default.",
        optional: true,
      },
    ],
    title: ({ name }) => `Redrive the dead letters of ${name}?`,
    text: async ({ name }, c) => {
      const length = await lengthOf(c, name);
      return `The queue has ${length}. Those that are dead letters and not leased are moved; their receives start again.`;
    },
    label: "Redrive",
    async run(c, { name }, texts) {
      const { perSecond, ...options } = inputFrom(redriveInputSchema, texts);
      const caller = callerOf(c.var.account);
      if (perSecond !== undefined) {
        await startRedrive(deps, name, { ...options, perSecond }, caller);
        return { to: toQueue(name) };
      }
      await redrive(deps, name, options, caller);
      return { to: toQueue(name), notice: "moved" };
    },
  });

  add({
    path: "/queues/{name}/redrives/{id}/cancel",
    params: redriveParams,
    back: ofQueue.back,
    summary: "Cancel a redrive",
    description: "Cancels a redrive that runs as a task.",
    scope: "queue:manage",
    title: () => "Cancel this redrive?",
    text: () => "What it has moved stays where it is.",
    label: "Cancel the redrive",
    danger: true,
    async run(c, { name, id }) {
      await cancelRedrive(deps, name, id, callerOf(c.var.account));
      return { to: toQueue(name) };
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
