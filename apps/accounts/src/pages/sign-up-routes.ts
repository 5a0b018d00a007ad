import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { clientAddressOf, csrfProtection } from "@quintet/auth";
import { errorPageResponse, noQuery, type ServiceEnv } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import { actorOf } from "../audit/actor.ts";
import type { LocalAuth } from "../local-auth.ts";
import type { Browser } from "./browser.ts";
import { readForm, refusalOf } from "./form.ts";
import { onward, pageAnswer, refusedForm, showPage } from "./section.ts";
import { onwardTo } from "./sign-in-routes.ts";
import { closedPage, signUpPage } from "./sign-up-page.ts";

const tags = ["accounts: pages"];
const security: Record<string, string[]>[] = [];

/** The page that makes an account and signs it in. */
export function addSignUp(
  app: OpenAPIHono<ServiceEnv>,
  { auth, browser, frame }: { auth: LocalAuth; browser: Browser; frame: PageFrame },
): void {
  const title = "Create an account";
  const { mode } = auth.admission;

  const show = createRoute({
    security,
    method: "get",
    path: "/sign-up",
    tags,
    summary: "The registration page",
    request: {
      query: z.strictObject({
        next: z.string().max(8000).optional().openapi({ description: "The path to go to after the sign-up" }),
        invitation: z.string().max(200).optional().openapi({ description: "The token of an invitation" }),
      }),
    },
    responses: { ...pageAnswer("The page"), 403: errorPageResponse("Accounts are made by staff here") },
  });
  app.openapi(show, async (c) => {
    const { next: given, invitation = "" } = c.req.valid("query");
    const next = onwardTo(given);
    if (mode === "closed") return showPage(c, frame, { title, body: closedPage(next), status: 403 });
    const body = signUpPage({ next, username: "", email: "", invitation: mode === "invite" ? invitation : undefined });
    const response = await showPage(c, frame, { title, body });
    // The URL contains the invitation, so only the origin is sent as referrer. (`no-referrer` would hide the form's origin too.)
    if (invitation !== "") response.headers.set("Referrer-Policy", "strict-origin");
    return response;
  });

  const make = createRoute({
    security,
    middleware: csrfProtection(auth),
    method: "post",
    path: "/sign-up",
    tags,
    summary: "Create an account at the page",
    request: noQuery,
    responses: { ...onward, ...refusedForm },
  });
  app.openapi(make, async (c) => {
    const { username, email, password, invitation, next } = await readForm(c, [
      "username",
      "email",
      "password",
      "invitation",
      "next",
    ]);
    const goOn = onwardTo(next);
    if (mode === "closed") return showPage(c, frame, { title, body: closedPage(goOn), status: 403 });
    let token: string | undefined;
    try {
      await auth.admission.admit(clientAddressOf(c));
      const input = { username, email, password, invitation: invitation.trim() || undefined };
      const account = await auth.createAccount(input, { by: actorOf(c) });
      token = await auth.browserSignIn(account.username, password, clientAddressOf(c));
    } catch (error) {
      const refusal = refusalOf(c, error, "The account was not made yet");
      const shown = mode === "invite" ? invitation : undefined;
      const body = signUpPage({ next: goOn, username, email, invitation: shown, refusal });
      return showPage(c, frame, { title, body, status: refusal.status });
    }
    if (token !== undefined) await browser.begin(c, token);
    return c.redirect(goOn === "/auth/account" ? "/auth/account?done=registered" : goOn, 303);
  });
}
