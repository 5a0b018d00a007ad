import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, clientAddressOf, csrfProtection, guards } from "@quintet/auth";
import { publicClient } from "@quintet/auth/issuer";
import { noQuery, type ServiceEnv } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import type { Context } from "hono";
import { actorOf } from "../audit/actor.ts";
import type { LocalAuth } from "../local-auth.ts";
import { browserClient } from "../sessions/browser-sessions.ts";
import { accountNotices, accountPage, type NamedSession } from "./account-page.ts";
import type { Browser } from "./browser.ts";
import { type Refusal, readForm, refusalOf } from "./form.ts";
import { onward, pageAnswer, refusedForm, showPage } from "./section.ts";
import { clientOf } from "./user-agent.ts";

const tags = ["accounts: pages"];
const notices = Object.keys(accountNotices) as (keyof typeof accountNotices)[];

/** My account: what it is, its password, its sign-ins. */
export function addAccount(
  app: OpenAPIHono<ServiceEnv>,
  { auth, browser, frame }: { auth: LocalAuth; browser: Browser; frame: PageFrame },
): void {
  const guard = guards(auth);
  const ownForm = csrfProtection(auth);

  const named = async (accountId: number): Promise<NamedSession[]> => {
    const sessions = await auth.changes.sessions(accountId);
    const programs = new Map([
      [browserClient, "Unknown browser"],
      [publicClient, "Program with your password"],
    ]);
    for (const { clientId } of sessions) {
      if (!programs.has(clientId)) programs.set(clientId, (await auth.clients.find(clientId))?.name ?? clientId);
    }
    return sessions.map((session) => {
      const known = session.clientId === browserClient ? clientOf(session.userAgent) : undefined;
      return { ...session, program: known ?? programs.get(session.clientId) ?? session.clientId };
    });
  };
  const show = async (c: Context<AccountEnv>, notices: { done?: string | undefined; refusal?: Refusal } = {}) => {
    const { account, sessionId } = c.var;
    const [sessions, clients] = await Promise.all([named(account.id), auth.clients.list(account.id)]);
    const formToken = browser.formToken(c);
    const body = accountPage({ account, sessions, current: sessionId, clients, formToken, ...notices });
    return showPage(c, frame, { title: "My account", body, status: notices.refusal?.status });
  };

  const account = createRoute({
    ...guard.account("account:manage"),
    method: "get",
    path: "/account",
    tags,
    summary: "My account",
    request: {
      query: z.strictObject({
        done: z.enum(notices).optional().openapi({ description: "The change that the page confirms" }),
      }),
    },
    responses: pageAnswer("The page"),
  });
  app.openapi(account, (c) => {
    const { done } = c.req.valid("query");
    return show(c, { done: done && accountNotices[done] });
  });

  const password = createRoute({
    ...guard.account("account:manage", ownForm),
    method: "post",
    path: "/account/password",
    tags,
    summary: "Change my password",
    request: noQuery,
    responses: { ...onward, ...refusedForm },
  });
  app.openapi(password, async (c) => {
    const form = await readForm(c, ["form_token", "username", "currentPassword", "newPassword"]);
    browser.checkForm(c, form.form_token);
    const { id, username } = c.var.account;
    try {
      await auth.changes.changePassword(id, form.currentPassword, form.newPassword, actorOf(c));
    } catch (error) {
      return show(c, { refusal: refusalOf(c, error, "The password was not changed") });
    }
    const token = await auth.browserSignIn(username, form.newPassword, clientAddressOf(c));
    if (token === undefined) return c.redirect("/auth/sign-in", 303);
    await browser.begin(c, token);
    return c.redirect("/auth/account?done=password", 303);
  });

  const sessions = createRoute({
    ...guard.account("account:manage", ownForm),
    method: "post",
    path: "/account/sessions",
    tags,
    summary: "End one of my sign-ins, or all",
    request: noQuery,
    responses: { ...onward, ...refusedForm },
  });
  app.openapi(sessions, async (c) => {
    const { form_token, id } = await readForm(c, ["form_token", "id"]);
    browser.checkForm(c, form_token);
    const { account, sessionId } = c.var;
    if (id === "all") await auth.changes.endSessions(account.id, actorOf(c));
    else await auth.changes.endSession(account.id, id, actorOf(c));
    if (id !== "all" && id !== sessionId) return c.redirect("/auth/account?done=session", 303);
    await browser.forget(c);
    return c.redirect("/auth/sign-in?done=signed-out", 303);
  });
}
