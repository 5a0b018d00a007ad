import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, csrfProtection, guards } from "@quintet/auth";
import { cursorParam, errorPageResponse, noQuery, Problem, type ServiceEnv, wholeNumber } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import type { Context } from "hono";
import { type Actor, actorOf } from "../audit/actor.ts";
import type { LocalAuth } from "../local-auth.ts";
import type { StaffLists } from "../staff-lists.ts";
import { named } from "./audit-page-routes.ts";
import type { Browser } from "./browser.ts";
import { readForm, refusalOf } from "./form.ts";
import { onward, pageAnswer, refusedForm, showPage } from "./section.ts";
import { accountsPage, type StaffAccountShown, staffAccountPage, staffNotices } from "./staff-pages.ts";

const tags = ["accounts: pages"];
const params = z.strictObject({ id: wholeNumber(1, 2 ** 31 - 1).openapi({ description: "The id of the account" }) });
const perPage = 25;
const newest = 10;

type StaffAct = keyof typeof staffNotices;
const acts = Object.keys(staffNotices) as StaffAct[];

/** The pages on which staff finds accounts, and does something about them. */
export function addStaffPages(
  app: OpenAPIHono<ServiceEnv>,
  { auth, lists, browser, frame }: { auth: LocalAuth; lists: StaffLists; browser: Browser; frame: PageFrame },
): void {
  const guard = guards(auth);
  const ownForm = csrfProtection(auth);

  const find = createRoute({
    ...guard.staff("accounts:manage"),
    method: "get",
    path: "/staff/accounts",
    tags,
    summary: "The page of all accounts (staff)",
    request: {
      query: z.strictObject({
        q: z
          .string()
          .max(254)
          .default("")
          .openapi({ description: "Only accounts whose username or email begins with this" }),
        cursor: cursorParam,
      }),
    },
    responses: pageAnswer("A page of them"),
  });
  app.openapi(find, async (c) => {
    const { q, cursor } = c.req.valid("query");
    const text = q.trim();
    const { rows, nextCursor } = await lists.accounts({ q: text === "" ? undefined : text, limit: perPage, cursor });
    const body = accountsPage({ q: text, accounts: rows, isFirst: cursor === undefined, next: nextCursor });
    return showPage(c, frame, { title: "All accounts", body });
  });

  const show = async (
    c: Context<AccountEnv>,
    id: number,
    notices: Pick<StaffAccountShown, "done" | "refusal" | "link"> = {},
  ) => {
    const [account, sessions, events] = await Promise.all([
      auth.staff.one(id),
      auth.changes.sessions(id),
      lists.events({ accountId: id, limit: newest }),
    ]);
    if (!account) throw new Problem("not-found", "There is no such account.");
    const body = staffAccountPage({
      account,
      isOwn: id === c.var.account.id,
      sessions: sessions.length,
      events: await named(auth, events.rows),
      formToken: browser.formToken(c),
      ...notices,
    });
    return showPage(c, frame, { title: account.username, body, status: notices.refusal?.status });
  };
  const one = createRoute({
    ...guard.staff("accounts:manage"),
    method: "get",
    path: "/staff/accounts/{id}",
    tags,
    summary: "The page of one account (staff)",
    request: {
      params,
      query: z.strictObject({
        done: z.enum(acts).optional().openapi({ description: "The change that the page confirms" }),
      }),
    },
    responses: { ...pageAnswer("The account"), 404: errorPageResponse("There is no such account") },
  });
  app.openapi(one, (c) => {
    const { done } = c.req.valid("query");
    return show(c, c.req.valid("param").id, { done: done && staffNotices[done] });
  });

  const perform: Record<StaffAct, (id: number, by: Actor) => Promise<unknown>> = {
    deactivate: (id, by) => auth.changes.setActive(id, false, by),
    activate: (id, by) => auth.changes.setActive(id, true, by),
    "end-sessions": (id, by) => auth.changes.endSessions(id, by),
  };
  const makeLink = createRoute({
    ...guard.staff("accounts:manage", ownForm),
    method: "post",
    path: "/staff/accounts/{id}/links/new",
    tags,
    summary: "Password reset link, to hand over, by form (staff)",
    request: { params, ...noQuery },
    responses: { ...pageAnswer("The account, with the link, which is shown only once"), ...refusedForm },
  });
  app.openapi(makeLink, async (c) => {
    browser.checkForm(c, (await readForm(c, ["form_token"])).form_token);
    const { id } = c.req.valid("param");
    try {
      return await show(c, id, { link: await auth.resetLinks.createFor(id, actorOf(c)) });
    } catch (error) {
      return show(c, id, { refusal: refusalOf(c, error, "No link was made") });
    }
  });

  const change = createRoute({
    ...guard.staff("accounts:manage", ownForm),
    method: "post",
    path: "/staff/accounts/{id}/{act}",
    tags,
    summary: "Deactivate an account, activate it again, or end its sign-ins by form (staff)",
    request: { params: params.extend({ act: z.enum(acts).openapi({ description: "The change" }) }), ...noQuery },
    responses: { ...onward, ...refusedForm },
  });
  app.openapi(change, async (c) => {
    browser.checkForm(c, (await readForm(c, ["form_token"])).form_token);
    const { id, act } = c.req.valid("param");
    if (!(await auth.staff.one(id))) throw new Problem("not-found", "There is no such account.");
    try {
      await perform[act](id, actorOf(c));
    } catch (error) {
      return show(c, id, { refusal: refusalOf(c, error, "Nothing was changed") });
    }
    return c.redirect(`/auth/staff/accounts/${id}?done=${act}`, 303);
  });
}
