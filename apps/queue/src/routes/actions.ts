import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, csrfProtection, guards } from "@quintet/auth";
import { errorPageResponse, formBody, htmlContent, noQuery, type ServiceEnv } from "@quintet/http";
import { type Html, leaveNotice, type Notice, type PageFrame } from "@quintet/pages";
import type { Context } from "hono";
import { confirmPage, type FormField, formPage, type Refusal, type Texts } from "../pages/action-pages.ts";
import { refusalOf, sendPage } from "./page-responses.ts";

const tags = ["queue pages"];
const shown = { 200: { description: "The page", content: htmlContent } };
const again = errorPageResponse("The form with its errors; the input is kept");

/** Something that is done by a form on a page of its own. `P` are the parameters of its path. */
export interface Action<P extends z.ZodObject> {
  path: string;
  params: P;
  /** As in "Purge a queue". */
  summary: string;
  description: string;
  scope: "queue:send" | "queue:receive" | "queue:manage" | "all";
  fields?: readonly FormField[];
  /** Of the page and its button. */
  title: (params: z.output<P>) => string;
  text?: (params: z.output<P>, c: Context<AccountEnv>) => string | Promise<string>;
  label: string;
  danger?: boolean;
  back: (params: z.output<P>) => { label: string; href: string };
  /** What the form shows before anything is typed. Throws what the operation would throw, such as 404. */
  texts?: (c: Context<AccountEnv>, params: z.output<P>) => Promise<Texts>;
  /** Does it, and returns where the browser goes next and what is said there, or a page that is shown only now. */
  run: (
    c: Context<AccountEnv>,
    params: z.output<P>,
    texts: Texts,
  ) => Promise<{ to: string; notice?: Notice } | { page: Html }>;
}

/** Adds the page of an action, at `GET`, and what its form does, at `POST`. A form that is not accepted is shown again with its errors. */
export function addAction<P extends z.ZodObject>(
  app: OpenAPIHono<ServiceEnv>,
  { auth, frame }: { auth: Parameters<typeof guards>[0]; frame: PageFrame },
  action: Action<P>,
): void {
  const { path, params, summary, description, scope, fields = [], label, danger = false } = action;
  const guard = guards(auth);
  const send = async (
    c: Context<AccountEnv>,
    of: z.output<P>,
    texts: Texts,
    refusal?: ReturnType<typeof refusalOf>,
  ) => {
    const title = action.title(of);
    const text = (await action.text?.(of, c)) ?? "";
    const common = { title, label, action: c.req.path, back: action.back(of), refusal: refusal as Refusal | undefined };
    const body =
      fields.length === 0
        ? confirmPage({ ...common, text, danger })
        : formPage({ ...common, lead: text, fields, texts });
    return sendPage(c, frame, { title, body, ...(refusal && { status: refusal.status }) });
  };
  const paramsOf = (c: Context<AccountEnv>) => params.parse(c.req.param());

  app.openapi(
    createRoute({
      ...guard.account(scope),
      method: "get",
      path,
      tags,
      summary: `Page: ${summary.charAt(0).toLowerCase()}${summary.slice(1)}`,
      description: "The page with the form.",
      request: { params, ...noQuery },
      responses: shown,
    }),
    async (c) => {
      const of = paramsOf(c);
      return send(c, of, (await action.texts?.(c, of)) ?? {});
    },
  );

  const form = z.strictObject(
    Object.fromEntries(fields.map(({ name, label: about }) => [name, z.string().default("").describe(about)])),
  );
  app.openapi(
    createRoute({
      ...guard.manager(scope, csrfProtection(auth)),
      method: "post",
      path,
      tags,
      summary: `${summary} by form`,
      description,
      request: { params, ...noQuery, ...(fields.length > 0 && formBody(form)) },
      responses: { ...shown, 303: { description: "Done; the next page is in Location" }, 409: again, 422: again },
    }),
    async (c) => {
      const of = paramsOf(c);
      const texts = fields.length === 0 ? {} : form.parse(await c.req.parseBody());
      try {
        const done = await action.run(c, of, texts);
        if ("page" in done) return await sendPage(c, frame, { title: action.title(of), body: done.page });
        if (done.notice) leaveNotice(c, done.notice);
        return c.redirect(done.to, 303);
      } catch (error) {
        return send(c, of, texts, refusalOf(c, error, "Nothing was changed"));
      }
    },
  );
}
