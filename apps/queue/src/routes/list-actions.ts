import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { Problem, type ServiceEnv } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { home, queuePath } from "../pages/frame.ts";
import { secretPage } from "../pages/list-pages.ts";
import { deleteSchedule, putSchedule, scheduleInputSchema, scheduleNameSchema } from "../schedules/schedules.ts";
import {
  deleteSubscription,
  putSubscription,
  subscriptionIdSchema,
  subscriptionInputSchema,
} from "../webhooks/subscriptions.ts";
import { type Action, addAction } from "./actions.ts";
import { inputFrom, messageFields } from "./form-input.ts";
import { queueParams } from "./schemas.ts";

/** Adds the forms that create and delete access keys, schedules and webhooks. */
export function addListActions(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  const add = <P extends z.ZodObject>(action: Action<P>) => addAction(app, { auth: deps.auth, frame }, action);

  const keys = { label: "Access keys", href: `${home}/access-keys` };
  add({
    path: "/new-access-key",
    params: z.strictObject({}),
    summary: "Create an access key",
    description: "Creates a key of this account and shows its secret.",
    scope: "all",
    title: () => "New access key",
    text: () => "The key signs requests to the Amazon SQS protocol in your name. Its secret is shown once.",
    label: "Create",
    back: () => keys,
    async run(c) {
      const { accessKeyId, secretAccessKey: secret } = await deps.accessKeys.create(c.var.account.id);
      return {
        page: secretPage({ title: "Access key created", secret, facts: [["Access key id", accessKeyId]], back: keys }),
      };
    },
  });
  const keyId = z.string().regex(/^[A-Z0-9]{20}$/, "must be 20 capital letters and digits");
  add({
    path: "/access-keys/{id}/delete",
    params: z.strictObject({ id: keyId.describe("Id of the key") }),
    summary: "Delete an access key",
    description: "Deletes a key of this account.",
    scope: "all",
    title: () => "Delete this access key?",
    text: ({ id }) => `Programs that sign with ${id} are refused two seconds later.`,
    label: "Delete",
    danger: true,
    back: () => keys,
    async run(c, { id }) {
      if (!(await deps.accessKeys.remove(c.var.account.id, id)))
        throw new Problem("not-found", `Access key ${id} not found.`);
      return { to: keys.href, notice: "deleted" };
    },
  });

  const schedules = { label: "Schedules", href: `${home}/schedules` };
  add({
    path: "/new-schedule",
    params: z.strictObject({}),
    summary: "Create a schedule",
    description: "Creates a schedule, or replaces the one of this name that belongs to this account.",
    scope: "queue:send",
    fields: [
      { name: "name", label: "Name", hint: "Letters, digits, hyphens and underscores, at most 80." },
      {
        name: "cron",
        label: "When",
        hint: "A cron expression: minute, hour, day of month, month, day of week, such as 30 6 * * MON-FRI.",
      },
      { name: "timeZone", label: "Time zone", hint: "Such as Europe/Berlin; UTC by default.", optional: true },
      { name: "queue", label: "Queue" },
      ...messageFields,
    ],
    title: () => "New schedule",
    label: "Create",
    back: () => schedules,
    async run(c, _, { name: typed = "", ...texts }) {
      const { name } = inputFrom(z.strictObject({ name: scheduleNameSchema }), { name: typed });
      const { cron, timeZone, queue, body: __, ...fields } = inputFrom(scheduleInputSchema, texts);
      const message = { ...fields, payload: (texts.body ?? "").trim() };
      await putSchedule(deps.schedules, name, c.var.account, { cron, timeZone, queue, message });
      return { to: schedules.href, notice: "added" };
    },
  });
  add({
    path: "/schedules/{name}/delete",
    params: z.strictObject({ name: scheduleNameSchema.describe("Name of the schedule") }),
    summary: "Delete a schedule",
    description: "Deletes a schedule of this account; staff may delete any.",
    scope: "queue:send",
    title: ({ name }) => `Delete the schedule ${name}?`,
    text: () => "No more messages are sent. Those that were sent stay.",
    label: "Delete",
    danger: true,
    back: () => schedules,
    async run(c, { name }) {
      await deleteSchedule(deps.schedules, name, c.var.account);
      return { to: schedules.href, notice: "deleted" };
    },
  });

  const webhooks = (name: string) => ({ label: "Webhooks", href: `${queuePath(name)}/subscriptions` });
  add({
    path: "/queues/{name}/actions/new-webhook",
    params: queueParams,
    summary: "Create a webhook",
    description: "Creates a subscription and shows its secret, or replaces the one with this id.",
    scope: "queue:receive",
    fields: [
      { name: "id", label: "Name", hint: "Letters, digits, hyphens and underscores, at most 80." },
      { name: "url", label: "URL", hint: "Where the messages are sent, by POST." },
      { name: "concurrency", label: "Deliveries at once", hint: "1 to 20; 5 by default.", optional: true },
      {
        name: "timeoutSeconds",
        label: "Time for a response",
        hint: "In seconds, 1 to 60; 15 by default.",
        optional: true,
      },
    ],
    title: ({ name }) => `New webhook of ${name}`,
    label: "Create",
    back: ({ name }) => webhooks(name),
    async run(c, { name }, { id: typed = "", ...texts }) {
      const { id } = inputFrom(z.strictObject({ id: subscriptionIdSchema }), { id: typed });
      const input = inputFrom(subscriptionInputSchema, texts);
      const { secret } = await putSubscription(deps, { queue: name, id }, c.var.account, input);
      if (secret === undefined) return { to: webhooks(name).href, notice: "saved" };
      return {
        page: secretPage({ title: "Webhook created", secret, facts: [["URL", input.url]], back: webhooks(name) }),
      };
    },
  });
  add({
    path: "/queues/{name}/subscriptions/{id}/delete",
    params: queueParams.extend({ id: subscriptionIdSchema.describe("Id of the subscription") }),
    summary: "Delete a webhook",
    description: "Deletes a subscription of this account, or any one of a queue that this account may manage.",
    scope: "queue:receive",
    title: ({ id }) => `Delete the webhook ${id}?`,
    text: () => "Nothing is delivered any more. The messages stay in the queue.",
    label: "Delete",
    danger: true,
    back: ({ name }) => webhooks(name),
    async run(c, { name, id }) {
      await deleteSubscription(deps, { queue: name, id }, c.var.account);
      return { to: webhooks(name).href, notice: "deleted" };
    },
  });
}
