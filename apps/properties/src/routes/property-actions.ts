import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, csrfProtection, guards } from "@quintet/auth";
import type { ServiceEnv } from "@quintet/http";
import { addPageAction, type PageAction, type PageFrame } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { likeProperty, unlikeProperty } from "../likes/likes.ts";
import { home, propertyPath } from "../pages/frame.ts";
import { fieldsWith, propertyFields, statusField } from "../pages/property-fields.ts";
import { statusLabel, titleOf } from "../pages/property-texts.ts";
import { createProperty, readProperty } from "../properties/properties.ts";
import { appendStatus } from "../properties/status-history.ts";
import { restoreProperty, withdrawProperty } from "../properties/withdrawals.ts";
import { addEditPage } from "./edit-property.ts";
import { propertyInput, validForm } from "./property-input.ts";
import { idParam, newPropertySchema, newStatusSchema } from "./schemas.ts";

type Params = z.output<typeof idParam>;

const tag = "properties pages";

/** Adds the forms by which accounts like properties, and staff creates and changes them. */
export function addPropertyActions(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  const { db, auth } = deps;
  const guard = guards(auth);
  const csrf = csrfProtection(auth);
  const ofAccount = {
    ...{ frame, tag },
    guards: { page: guard.account("properties:like"), form: guard.account("properties:like", csrf) },
  };
  const ofStaff = {
    ...{ frame, tag },
    guards: { page: guard.staff("properties:write"), form: guard.staff("properties:write", csrf) },
  };
  const back = ({ id }: Params) => ({ label: "Property", href: propertyPath(id) });
  const to = ({ id }: Params) => ({ to: propertyPath(id) });
  const nameOf = async (id: number) => titleOf(await readProperty(db, id, true));
  const like = (action: Omit<PageAction<typeof idParam, AccountEnv>, "params" | "back">) =>
    addPageAction(app, ofAccount, { ...action, params: idParam, back });
  const change = (action: Omit<PageAction<typeof idParam, AccountEnv>, "params" | "back">) =>
    addPageAction(app, ofStaff, { ...action, params: idParam, back });

  like({
    path: "/{id}/actions/like",
    summary: "Like a property",
    description: "Redirects to the page of the property.",
    title: () => "Like this property?",
    text: async ({ id }, c) => titleOf(await readProperty(db, id, c.var.account.isStaff)),
    label: "Like",
    async run(c, of) {
      await likeProperty(db, c.var.account.id, of.id);
      return to(of);
    },
  });
  like({
    path: "/{id}/actions/unlike",
    summary: "Remove a like",
    description:
      "Redirects to the list of liked properties when the property cannot be seen any more, otherwise to its page.",
    title: () => "Remove your like?",
    label: "Remove my like",
    async run(c, of) {
      await unlikeProperty(db, c.var.account.id, of.id);
      return to(of);
    },
  });
  change({
    path: "/{id}/actions/status",
    summary: "Change the status",
    description: "Appends to the status history, dated now. Redirects to the page of the property.",
    fields: [statusField],
    once: true,
    title: () => "Change the status",
    text: async ({ id }) => {
      const property = await readProperty(db, id, true);
      return `${titleOf(property)}. Now: ${statusLabel(property.status)}.`;
    },
    texts: async (_, { id }) => ({ status: (await readProperty(db, id, true)).status ?? "" }),
    label: "Save",
    async run(_, of, texts, request) {
      await appendStatus(db, of.id, validForm(newStatusSchema, texts), request);
      return { ...to(of), notice: "saved" };
    },
  });
  change({
    path: "/{id}/actions/withdraw",
    summary: "Withdraw a property",
    description: "Redirects to the page of the property.",
    title: () => "Withdraw this property?",
    text: async ({ id }) => `${await nameOf(id)} is kept, and only staff can see it until it is restored.`,
    label: "Withdraw",
    danger: true,
    async run(_, of) {
      await withdrawProperty(db, of.id, undefined);
      return { ...to(of), notice: "saved" };
    },
  });
  change({
    path: "/{id}/actions/restore",
    summary: "Restore a property",
    description: "Redirects to the page of the property.",
    title: () => "Restore this property?",
    text: async ({ id }) => `Others see ${await nameOf(id)} again if its status is public. Its likes are kept.`,
    label: "Restore",
    async run(_, of) {
      await restoreProperty(db, of.id, undefined);
      return { ...to(of), notice: "restored" };
    },
  });
  addPageAction<z.ZodObject, AccountEnv>(app, ofStaff, {
    path: "/actions/new-property",
    params: z.strictObject({}),
    summary: "Create a property",
    description: "Redirects to the page of the new property. A form that is sent twice makes one property.",
    fields: [...propertyFields, statusField],
    shownFields: async () => [...fieldsWith((await db.source()).columns), statusField],
    once: true,
    title: () => "Add a property",
    label: "Add",
    back: () => ({ label: "Search", href: home }),
    texts: async () => ({ status: "en_venta" }),
    async run(_, __, texts, request) {
      const input = propertyInput(texts, (await db.source()).columns);
      const { status, ...fields } = validForm(newPropertySchema, input);
      const { id } = await createProperty(db, fields, status, request);
      return { to: propertyPath(id), notice: "added" };
    },
  });
  addEditPage(app, deps, frame);
}
