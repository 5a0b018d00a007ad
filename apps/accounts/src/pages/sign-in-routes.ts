import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { clientAddressOf, csrfProtection } from "@quintet/auth";
import { localPath } from "@quintet/auth/issuer";
import { noQuery, type ServiceEnv } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import type { Context } from "hono";
import type { LocalAuth } from "../local-auth.ts";
import type { Browser } from "./browser.ts";
import { type RefusedStatus, readForm, refusalOf } from "./form.ts";
import { onward, pageAnswer, refusedForm, showPage } from "./section.ts";
import { signedInPage, signInPage } from "./sign-in-page.ts";

const tags = ["accounts: pages"];
const security: Record<string, string[]>[] = [];
const next = z.string().max(8000).optional().openapi({ description: "The path to go to after the sign-in" });
const renewQuery = {
  query: z.strictObject({
    next,
    refused: z.string().max(20).optional().openapi({ description: "Why the form was refused" }),
  }),
};

const notices = { "signed-out": "You are signed out.", reset: "The new password is set. Sign in with it." };

/** Where a browser goes after signing in: where it was asked to come back to, otherwise to the account. */
export function onwardTo(text: string | undefined): string {
  return localPath(text) ?? "/auth/account";
}

/** Signing in, signing out, and the renewal of access tokens, for browsers. */
export function addSignIn(
  app: OpenAPIHono<ServiceEnv>,
  { auth, browser, frame }: { auth: LocalAuth; browser: Browser; frame: PageFrame },
): void {
  const ownForm = csrfProtection(auth);
  const { mode } = auth.admission;

  const show = createRoute({
    security,
    method: "get",
    path: "/sign-in",
    tags,
    summary: "The sign-in page",
    request: {
      query: z.strictObject({
        next,
        done: z.enum(["signed-out", "reset"]).optional().openapi({ description: "What the page confirms" }),
      }),
    },
    responses: pageAnswer("The page"),
  });
  app.openapi(show, async (c) => {
    const { next, done } = c.req.valid("query");
    const present = await browser.find(c);
    if (present) {
      const { username } = present.account;
      const body = signedInPage({ username, next: onwardTo(next) });
      return showPage(c, frame, { title: "You are signed in", body });
    }
    const notice = done === undefined ? {} : { notice: notices[done] };
    const body = signInPage({ next: onwardTo(next), username: "", mode, ...notice });
    return showPage(c, frame, { title: "Sign in", body });
  });

  const signIn = createRoute({
    security,
    middleware: ownForm,
    method: "post",
    path: "/sign-in",
    tags,
    summary: "Sign in at the page",
    request: noQuery,
    responses: { ...onward, ...refusedForm },
  });
  app.openapi(signIn, async (c) => {
    const { username, password, next } = await readForm(c, ["username", "password", "next"]);
    const again = (fault: string, status: RefusedStatus) => {
      const body = signInPage({ next: onwardTo(next), username, mode, fault });
      return showPage(c, frame, { title: "Sign in", body, status });
    };
    let token: string | undefined;
    try {
      token = await auth.browserSignIn(username, password, clientAddressOf(c));
    } catch (error) {
      const { heading, status } = refusalOf(c, error, "");
      return again(heading, status);
    }
    if (token === undefined) return again("The username or password is wrong.", 400);
    await browser.begin(c, token);
    return c.redirect(onwardTo(next), 303);
  });

  const signOut = createRoute({
    security,
    middleware: ownForm,
    method: "post",
    path: "/sign-out",
    tags,
    summary: "Sign out at the page",
    request: noQuery,
    responses: onward,
  });
  app.openapi(signOut, async (c) => {
    await browser.forget(c);
    return c.redirect("/auth/sign-in?done=signed-out", 303);
  });

  /** 303 for a page; 307 for a form, which a browser then sends on as it was. */
  const renew = async (c: Context, given: { next?: string | undefined; refused?: string | undefined }) => {
    await browser.renew(c, given.refused);
    c.header("Cache-Control", "no-store");
    return c.redirect(onwardTo(given.next), c.req.method === "POST" ? 307 : 303);
  };
  const renewPage = createRoute({
    security,
    method: "get",
    path: "/renew",
    tags,
    summary: "Renew a browser's access token, and go back to the page",
    request: renewQuery,
    responses: onward,
  });
  app.openapi(renewPage, (c) => renew(c, c.req.valid("query")));

  const renewForm = createRoute({
    security,
    middleware: ownForm,
    method: "post",
    path: "/renew",
    tags,
    summary: "Renew a browser's access token, and send its form on",
    request: renewQuery,
    responses: { 307: { description: "The form goes on to where it was sent" } },
  });
  app.openapi(renewForm, (c) => renew(c, c.req.valid("query")));
}
