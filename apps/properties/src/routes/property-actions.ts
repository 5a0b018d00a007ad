import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, csrfProtection, guards } from "@quintet/auth";
import {
  errorPageResponse,
  formBody,
  htmlContent,
  type InputFault,
  inputFaults,
  noQuery,
  Problem,
  type ServiceEnv,
} from "@quintet/http";
import { addPageAction, leaveNotice, type PageAction, type PageFrame, sendPage } from "@quintet/pages";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import { likeProperty, unlikeProperty } from "../likes/likes.ts";
import { editPage, type PropertyTexts, textsOf } from "../pages/edit-page.ts";
import { home, propertyPath } from "../pages/frame.ts";
import { propertyFields, statusField } from "../pages/property-fields.ts";
import { statusLabel, titleOf } from "../pages/property-texts.ts";
import { changeProperty, createProperty, readProperty } from "../properties/properties.ts";
import { appendStatus } from "../properties/status-history.ts";
import { propertyEtag } from "../properties/versions.ts";
import { restoreProperty, withdrawProperty } from "../properties/withdrawals.ts";
import { idParam, newPropertySchema, newStatusSchema, propertyChangesSchema } from "./schemas.ts";

type Params = z.output<typeof idParam>;
type Texts = Record<string, string>;

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
    title: () => "Change the status",
    text: async ({ id }) => {
      const property = await readProperty(db, id, true);
      return `${titleOf(property)}. Now: ${statusLabel(property.status)}.`;
    },
    texts: async (_, { id }) => ({ status: (await readProperty(db, id, true)).status ?? "" }),
    label: "Save",
    async run(_, of, texts) {
      await appendStatus(db, of.id, valid(newStatusSchema, texts));
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
    description: "Redirects to the page of the new property.",
    fields: [...propertyFields, statusField],
    title: () => "Add a property",
    label: "Add",
    back: () => ({ label: "Search", href: home }),
    texts: async () => ({ status: "en_venta" }),
    async run(_, __, texts) {
      const { status, ...fields } = valid(newPropertySchema, withNumbers(texts));
      const { id } = await createProperty(db, fields, status);
      return { to: propertyPath(id), notice: "added" };
    },
  });
  addEditPage(app, deps, frame);
}

/** Input of a form by the schema of the API; throws a 422 that names each wrong field. */
function valid<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new Problem("unprocessable", "The form has errors.", { errors: inputFaults(parsed.error) });
}

/** The texts of a form with numbers where the API has them. A price may have separators: `420,000,000`. */
function withNumbers({ price = "", year = "", ...texts }: Texts): Record<string, unknown> {
  const number = (text: string) => (/^\d{1,15}$/.test(text) ? Number(text) : text);
  return { ...texts, price: number(price.replaceAll(/[\s$.,'’]/g, "")), year: number(year.trim()) };
}

const editForm = z.strictObject({
  ...Object.fromEntries(
    propertyFields.map(({ name, label }) => [name, z.string().default("").openapi({ description: label })]),
  ),
  version: z.string().max(200).default("").openapi({ description: "The ETag of the version that was edited" }),
});

/** Adds the form that changes a property, which shows both versions when somebody else has changed it meanwhile. */
function addEditPage(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  const { db, auth } = deps;
  const guard = guards(auth);
  const again = errorPageResponse("The form with its errors; the input is kept");
  const send = async <E extends ServiceEnv>(
    c: Context<E>,
    id: number,
    given: { texts?: PropertyTexts; version?: string; faults?: InputFault[]; status?: 412 | 422 } = {},
  ) => {
    const property = await readProperty(db, id, true);
    const present = textsOf(property);
    const { texts = present, version = propertyEtag(property), faults = [], status } = given;
    const overtaken = status === 412 ? { present, version: propertyEtag(property) } : { version };
    const body = editPage({ property, texts, faults, ...overtaken });
    return sendPage(c, frame, { title: "Edit", body, ...(status && { status }) });
  };

  app.openapi(
    createRoute({
      ...guard.staff("properties:write"),
      method: "get",
      path: "/{id}/actions/edit",
      tags: [tag],
      summary: "Page: change a property",
      description: "The page with the form.",
      request: { params: idParam, ...noQuery },
      responses: { 200: { description: "The page", content: htmlContent } },
    }),
    (c) => send(c, c.req.valid("param").id),
  );
  app.openapi(
    createRoute({
      ...guard.staff("properties:write", csrfProtection(auth)),
      method: "post",
      path: "/{id}/actions/edit",
      tags: [tag],
      summary: "Change a property by form",
      description: "Redirects to the page of the property. 412: it has changed since the form was opened.",
      request: { params: idParam, ...noQuery, ...formBody(editForm) },
      responses: { 303: { description: "Done; the next page is in Location" }, 412: again, 422: again },
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      const { version = "", ...texts } = c.req.valid("form") as Texts;
      try {
        await changeProperty(db, id, valid(propertyChangesSchema, withNumbers(texts)), version);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.code === "precondition-failed") return send(c, id, { texts, status: 412 });
        if (error.code !== "unprocessable") throw error;
        return send(c, id, { texts, version, faults: error.errors ?? [], status: 422 });
      }
      leaveNotice(c, "saved");
      return c.redirect(propertyPath(id), 303);
    },
  );
}
