import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { Problem, type ServiceEnv } from "@quintet/http";
import type { PageSection } from "@quintet/pages";
import type { Context } from "hono";
import { originOf } from "../client-address.ts";
import { actorOf } from "../issuer/actor.ts";
import type { LocalAuth } from "../issuer/local-auth.ts";
import { accountPage } from "./account-page.ts";
import type { Browser, BrowserEnv } from "./browser.ts";
import { showPage } from "./section.ts";
import { signInPage } from "./sign-in-page.ts";

const tags = ["accounts: pages"];
const noQuery = { query: z.strictObject({}) };
const security: Record<string, string[]>[] = [];
const html = { content: { "text/html": { schema: z.string() } } };
const pageOrSignIn = {
  200: { description: "The page", ...html },
  303: { description: "To the sign-in page" },
};
const next = { 303: { description: "On to the next page" }, 403: { description: "The form is not this page's" } };

/** The pages for people: sign in, sign out, my account. They work without JavaScript. */
export function addPages(
  app: OpenAPIHono<ServiceEnv>,
  { auth, browser, section }: { auth: LocalAuth; browser: Browser; section: PageSection },
): void {
  const showSignIn = createRoute({
    security,
    method: "get",
    path: "/sign-in",
    tags,
    summary: "The sign-in page",
    request: { query: z.strictObject({ next: z.string().max(8000).optional() }) },
    responses: { 200: { description: "The page", ...html } },
  });
  app.openapi(showSignIn, (c) => {
    const body = signInPage({ next: safeNext(c.req.valid("query").next), username: "" });
    return showPage(c, section, { title: "Sign in", body });
  });

  const signIn = createRoute({
    security,
    middleware: browser.openForm,
    method: "post",
    path: "/sign-in",
    tags,
    summary: "Sign in at the page",
    request: noQuery,
    responses: { 303: next[303], 400: { description: "The page again, with what was wrong", ...html } },
  });
  app.openapi(signIn, async (c) => {
    const form = await formOf(c);
    const [username, password, onward] = [
      form.get("username") ?? "",
      form.get("password") ?? "",
      safeNext(form.get("next")),
    ];
    const again = (fault: string, status: 400 | 429) =>
      showPage(c, section, { title: "Sign in", body: signInPage({ next: onward, username, fault }), status });
    let token: string | undefined;
    try {
      token = await auth.browserSignIn(username, password, originOf(c));
    } catch (error) {
      if (!(error instanceof Problem && error.code === "too-many-requests")) throw error;
      for (const [name, value] of Object.entries(error.headers)) c.header(name, value);
      return again(error.message, 429);
    }
    if (token === undefined) return again("The username or password is wrong.", 400);
    browser.remember(c, token);
    return c.redirect(onward, 303);
  });

  const signOut = createRoute({
    security,
    middleware: browser.form,
    method: "post",
    path: "/sign-out",
    tags,
    summary: "Sign out at the page",
    request: noQuery,
    responses: next,
  });
  app.openapi(signOut, async (c) => {
    browser.checkForm(c, (await formOf(c)).get("form_token"));
    await browser.forget(c);
    return c.redirect("/auth/sign-in", 303);
  });

  const show = async (c: Context<BrowserEnv>, notice?: { text: string; isFault: boolean }) => {
    const { session, formToken } = c.var;
    const [sessions, clients] = await Promise.all([
      auth.changes.sessions(session.account.id),
      auth.clients.list(session.account.id),
    ]);
    const body = accountPage({ account: session.account, sessions, current: session.id, clients, formToken, notice });
    return showPage(c, section, { title: "My account", body, status: notice?.isFault ? 400 : 200 });
  };
  const account = createRoute({
    security,
    middleware: browser.page,
    method: "get",
    path: "/account",
    tags,
    summary: "My account",
    request: noQuery,
    responses: pageOrSignIn,
  });
  app.openapi(account, (c) => show(c));

  const change = (path: "/account/password" | "/account/sessions" | "/account/clients", summary: string) =>
    createRoute({
      security,
      middleware: browser.form,
      method: "post",
      path,
      tags,
      summary,
      request: noQuery,
      responses: { ...pageOrSignIn, ...next },
    });
  app.openapi(change("/account/password", "Change my password"), async (c) => {
    const form = await formOf(c);
    browser.checkForm(c, form.get("form_token"));
    const [current, wanted] = [form.get("currentPassword") ?? "", form.get("newPassword") ?? ""];
    try {
      await auth.changes.changePassword(c.var.session.account.id, current, wanted, actorOf(c));
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error;
      return show(c, { text: error.message, isFault: true });
    }
    return c.redirect("/auth/sign-in", 303);
  });
  app.openapi(change("/account/sessions", "End one of my sign-ins, or all"), async (c) => {
    const form = await formOf(c);
    browser.checkForm(c, form.get("form_token"));
    const id = form.get("id") ?? "";
    if (id === "all") await auth.changes.endSessions(c.var.session.account.id, actorOf(c));
    else await auth.changes.endSession(c.var.session.account.id, id, actorOf(c));
    return c.redirect("/auth/account", 303);
  });
  app.openapi(change("/account/clients", "Remove one of my API clients"), async (c) => {
    const form = await formOf(c);
    browser.checkForm(c, form.get("form_token"));
    await auth.clients.remove(c.var.session.account.id, form.get("id") ?? "", actorOf(c));
    return c.redirect("/auth/account", 303);
  });
}

/** The fields of a form, each once. */
async function formOf(c: Context): Promise<Map<string, string>> {
  const type = c.req.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") {
    throw new Problem("unsupported-media-type", "The body must be application/x-www-form-urlencoded.");
  }
  return new Map(new URLSearchParams(await c.req.text()));
}

/** Where to go after signing in: a page of the accounts, never another site. */
function safeNext(text: string | undefined): string {
  return text !== undefined && /^\/auth\/(account|authorize\?[^\s\\]*)$/.test(text) ? text : "/auth/account";
}
