import { randomUUID } from "node:crypto";
import { createRoute, type OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi";
import {
  errorPageResponse,
  formBody,
  htmlContent,
  type KeyedRequest,
  keyedForm,
  noQuery,
  type ServiceEnv,
} from "@quintet/http";
import type { Context } from "hono";
import { confirmPage, type FormField, formPage, type Refusal, type Texts } from "./action-pages.ts";
import type { PageFrame } from "./frame.ts";
import type { Html } from "./html.ts";
import { leaveNotice, type Notice } from "./notices.ts";
import { refusalOf, sendPage } from "./page-responses.ts";

/** A guard as it is spread into `createRoute`. */
type Guard = Pick<RouteConfig, "middleware" | "security">;

/** What all actions of an app have in common. */
export interface ActionSection {
  frame: PageFrame;
  /** The tag of the operations. */
  tag: string;
  /** Of the page with the form, and of the form, which must come from this site (`csrfProtection`). */
  guards: { page: Guard; form: Guard };
}

/** Something that is done by a form on a page of its own. `P` are the parameters of its path, `E` is what its guards set. */
export interface PageAction<P extends z.ZodObject, E extends ServiceEnv> {
  path: string;
  params: P;
  /** As in "Purge a queue". */
  summary: string;
  description: string;
  fields?: readonly FormField[];
  /** Those of the fields that the form has now; all by default. */
  shownFields?: () => Promise<readonly FormField[]>;
  /** Whether the form carries a key, so that a double click or a resend does its work once. */
  once?: boolean;
  /** The choices of fields that depend on what there is, by the name of the field. */
  choices?: () => Promise<Record<string, FormField["options"]>>;
  /** Of the page and its button. */
  title: (params: z.output<P>) => string;
  text?: (params: z.output<P>, c: Context<E>) => string | Html | Promise<string | Html>;
  label: string;
  danger?: boolean;
  back: (params: z.output<P>) => { label: string; href: string };
  /** What the form shows before anything is typed. Throws what the operation would throw, such as 404. */
  texts?: (c: Context<E>, params: z.output<P>) => Promise<Texts>;
  /**
   * Does it, and returns where the browser goes next and what is said there, or a page that is shown only now. With `once` it gets the
   * request for `runOnce`.
   */
  run: (
    c: Context<E>,
    params: z.output<P>,
    texts: Texts,
    request: KeyedRequest | undefined,
  ) => Promise<{ to: string; notice?: Notice } | { page: Html }>;
}

const formKey = z.string().max(255).default("").describe("The key of the form, which does its work once");
const shown = { 200: { description: "The page", content: htmlContent } };
const again = errorPageResponse("The form with its errors; the input is kept");

/** Adds the page of an action, at `GET`, and what its form does, at `POST`. A form that is not accepted is shown again with its errors. */
export function addPageAction<P extends z.ZodObject, E extends ServiceEnv>(
  app: OpenAPIHono<ServiceEnv>,
  { frame, tag, guards }: ActionSection,
  action: PageAction<P, E>,
): void {
  const { path, params, summary, description, fields = [], label, danger = false, once = false } = action;
  const chosen = async () => {
    const choices = (await action.choices?.()) ?? {};
    const shownFields = (await action.shownFields?.()) ?? fields;
    return shownFields.map((one) => (choices[one.name] ? { ...one, options: choices[one.name] } : one)) as FormField[];
  };
  const send = async (
    c: Context<E>,
    of: z.output<P>,
    texts: Texts,
    refusal?: ReturnType<typeof refusalOf>,
    key: string | undefined = once ? randomUUID() : undefined,
  ) => {
    const title = action.title(of);
    const text = (await action.text?.(of, c)) ?? "";
    const common = { title, label, action: c.req.path, back: action.back(of), refusal: refusal as Refusal | undefined };
    const body =
      fields.length === 0
        ? confirmPage({ ...common, text, danger })
        : formPage({ ...common, lead: text, fields: await chosen(), texts, key });
    return sendPage(c, frame, { title, body, ...(refusal && { status: refusal.status }) });
  };
  const paramsOf = (c: Context<E>) => params.parse(c.req.param());

  app.openapi(
    createRoute({
      ...guards.page,
      method: "get",
      path,
      tags: [tag],
      summary: `Page: ${summary.charAt(0).toLowerCase()}${summary.slice(1)}`,
      description: "The page with the form.",
      request: { params, ...noQuery },
      responses: shown,
    }),
    async (context) => {
      const c = context as unknown as Context<E>;
      const of = paramsOf(c);
      return send(c, of, (await action.texts?.(c, of)) ?? {});
    },
  );

  const form = z.strictObject(
    Object.fromEntries([
      ...fields.map(({ name, label: about }) => [name, z.string().default("").describe(about)] as const),
      ...(once ? [["key", formKey] as const] : []),
    ]),
  );
  app.openapi(
    createRoute({
      ...guards.form,
      method: "post",
      path,
      tags: [tag],
      summary: `${summary} by form`,
      description,
      request: { params, ...noQuery, ...(fields.length > 0 && formBody(form)) },
      responses: { ...shown, 303: { description: "Done; the next page is in Location" }, 409: again, 422: again },
    }),
    async (context) => {
      const c = context as unknown as Context<E>;
      const of = paramsOf(c);
      const texts: Texts = fields.length === 0 ? {} : form.parse(await c.req.parseBody());
      const { key } = texts;
      if (once) delete texts.key;
      try {
        const done = await action.run(c, of, texts, once && key ? keyedForm(context, key, texts) : undefined);
        if ("page" in done) return await sendPage(context, frame, { title: action.title(of), body: done.page });
        if (done.notice) leaveNotice(c, done.notice);
        return c.redirect(done.to, 303);
      } catch (error) {
        return send(c, of, texts, refusalOf(c, error, "Nothing was changed"), (once && key) || undefined);
      }
    },
  );
}
