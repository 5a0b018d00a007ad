import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { ServiceEnv } from "@quintet/http";
import { noQuery } from "@quintet/http";
import type { PageSection } from "@quintet/pages";
import { ownForms } from "../browser/own-forms.ts";
import { originOf } from "../client-address.ts";
import { actorOf } from "../issuer/actor.ts";
import type { LocalAuth } from "../issuer/local-auth.ts";
import type { Browser } from "./browser.ts";
import { readForm, refusalOf } from "./form.ts";
import { onward, pageAnswer, refusedForm, showPage } from "./section.ts";
import { onwardTo } from "./sign-in-routes.ts";
import { signUpPage } from "./sign-up-page.ts";

const tags = ["accounts: pages"];
const security: Record<string, string[]>[] = [];

/** The page that makes an account and signs it in. */
export function addSignUp(
  app: OpenAPIHono<ServiceEnv>,
  { auth, browser, section }: { auth: LocalAuth; browser: Browser; section: PageSection },
): void {
  const title = "Make an account";

  const show = createRoute({
    security,
    method: "get",
    path: "/sign-up",
    tags,
    summary: "The registration page",
    request: { query: z.strictObject({ next: z.string().max(8000).optional() }) },
    responses: pageAnswer("The page"),
  });
  app.openapi(show, (c) => {
    const next = onwardTo(c.req.valid("query").next);
    return showPage(c, section, { title, body: signUpPage({ next, username: "", email: "" }) });
  });

  const make = createRoute({
    security,
    middleware: ownForms(auth),
    method: "post",
    path: "/sign-up",
    tags,
    summary: "Make an account at the page",
    request: noQuery,
    responses: { ...onward, ...refusedForm },
  });
  app.openapi(make, async (c) => {
    const { username, email, password, next } = await readForm(c, ["username", "email", "password", "next"]);
    const goOn = onwardTo(next);
    let token: string | undefined;
    try {
      const account = await auth.register({ username, email, password }, { by: actorOf(c) });
      token = await auth.browserSignIn(account.username, password, originOf(c));
    } catch (error) {
      const refusal = refusalOf(c, error, "The account was not made yet");
      const body = signUpPage({ next: goOn, username, email, refusal });
      return showPage(c, section, { title, body, status: refusal.status });
    }
    if (token !== undefined) await browser.begin(c, token);
    return c.redirect(goOn === "/auth/account" ? "/auth/account?done=registered" : goOn, 303);
  });
}
