import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ServiceEnv } from "@quintet/http";
import type { FormField, PageFrame, Texts } from "@quintet/pages";
import { callerOf } from "../commands/caller.ts";
import type { Deps } from "../deps.ts";
import { home, queuePath } from "../pages/frame.ts";
import { accessInputSchema, allowedTo, getAccess, type OwnedAccess, putAccess } from "../queues/access.ts";
import { type Action, addAction } from "./actions.ts";
import { validate } from "./messages.ts";
import { queueParams } from "./schemas.ts";

const hint = "“everyone”, “staff” or ids of accounts, with commas between them.";
const accessFields: FormField[] = [
  { name: "send", label: "May send", hint, optional: true },
  { name: "receive", label: "May receive", hint: `${hint} Includes looking at messages and redrives.`, optional: true },
  { name: "manage", label: "May manage", hint: `${hint} Includes purging and deleting the queue.`, optional: true },
];
const ownerField: FormField = {
  name: "owner",
  label: "Owner",
  hint: "The id of an account. Empty for a queue of staff.",
  optional: true,
};

/** An id of an account as a number. What is none stays as it is, for the schema to name. */
const idOrText = (text: string) => (/^\d+$/.test(text) ? Number(text) : text);

const granteesIn = (text = "") =>
  text
    .split(/[\s,]+/)
    .filter((one) => one !== "")
    .map((one) => idOrText(one.toLowerCase()));

const accessTexts = ({ send, receive, manage }: OwnedAccess): Texts => ({
  send: send.join(", "),
  receive: receive.join(", "),
  manage: manage.join(", "),
});

/** Adds the forms that change who may use a queue, and whose it is. */
export function addAccessActions(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  const add = (action: Omit<Action<typeof queueParams>, "params" | "back" | "label" | "scope">) =>
    addAction(
      app,
      { auth: deps.auth, frame },
      {
        ...action,
        params: queueParams,
        back: ({ name }) => ({ label: name, href: queuePath(name) }),
        label: "Save",
        scope: "queue:manage",
      },
    );

  add({
    path: "/queues/{name}/actions/access",
    summary: "Change the access to a queue",
    description: "Replaces who may send to the queue, receive from it and manage it, besides its owner and staff.",
    fields: accessFields,
    title: ({ name }) => `Access to ${name}`,
    text: () => "The owner and staff always have all rights. An empty field gives the right to nobody else.",
    texts: async (c, { name }) => accessTexts(await getAccess(deps, name, callerOf(c.var.account))),
    async run(c, { name }, { send, receive, manage }) {
      const given = { send: granteesIn(send), receive: granteesIn(receive), manage: granteesIn(manage) };
      const { account } = c.var;
      const changed = await putAccess(deps, name, validate(accessInputSchema, given), callerOf(account));
      // It may have taken away its own rights.
      const sees = Object.values(allowedTo(account, changed)).includes(true);
      return { to: sees ? queuePath(name) : home, notice: "saved" };
    },
  });

  add({
    path: "/queues/{name}/actions/owner",
    summary: "Change the owner of a queue",
    description: "Names the account that owns the queue from now on, or makes it a queue of staff. Staff only.",
    staffOnly: true,
    fields: [ownerField],
    title: ({ name }) => `Owner of ${name}`,
    text: () => "The owner has all rights, and the queue counts towards the limits of its account.",
    async texts(c, { name }) {
      const { owner } = await getAccess(deps, name, callerOf(c.var.account));
      return { owner: owner === null ? "" : String(owner) };
    },
    async run(c, { name }, { owner = "" }) {
      const caller = callerOf(c.var.account);
      const { owner: _, ...access } = await getAccess(deps, name, caller);
      const given = { ...access, owner: owner.trim() === "" ? null : idOrText(owner.trim()) };
      await putAccess(deps, name, validate(accessInputSchema, given), caller);
      return { to: queuePath(name), notice: "saved" };
    },
  });
}
