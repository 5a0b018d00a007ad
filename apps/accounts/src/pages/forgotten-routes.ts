import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { csrfProtection } from "@quintet/auth";
import { noQuery, type ServiceEnv } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import { actorOf } from "../audit/actor.ts";
import type { LocalAuth } from "../local-auth.ts";
import { resetRequestedText } from "../password-resets/forgotten-passwords.ts";
import { askStaffPage, forgottenPage, linkSentPage, newPasswordPage, staleLinkPage } from "./forgotten-pages.ts";
import { readForm, refusalOf } from "./form.ts";
import { onward, pageAnswer, refusedForm, type ShownPage, showPage } from "./section.ts";

const tags = ["accounts: pages"];
const security: Record<string, string[]>[] = [];
const title = "Forgot your password?";
const titleOfNew = "A new password";

/** The pages for a forgotten password. The link from the mail opens one of them; a GET does not consume its token. */
export function addForgotten(
  app: OpenAPIHono<ServiceEnv>,
  { auth, frame }: { auth: LocalAuth; frame: PageFrame },
): void {
  const ask = createRoute({
    security,
    method: "get",
    path: "/forgotten",
    tags,
    summary: "The page that sends a link to a new password",
    request: {
      query: z.strictObject({ done: z.enum(["sent"]).optional().openapi({ description: "What the page confirms" }) }),
    },
    responses: pageAnswer("The page"),
  });
  app.openapi(ask, (c) => {
    if (!auth.sendResetLink) return showPage(c, frame, { title, body: askStaffPage() });
    if (c.req.valid("query").done)
      return showPage(c, frame, { title: "Check your mail", body: linkSentPage(resetRequestedText) });
    return showPage(c, frame, { title, body: forgottenPage({ login: "" }) });
  });

  const send = createRoute({
    security,
    middleware: csrfProtection(auth),
    method: "post",
    path: "/forgotten",
    tags,
    summary: "Ask for a link at the page",
    request: noQuery,
    responses: { ...onward, ...refusedForm },
  });
  app.openapi(send, async (c) => {
    const { login } = await readForm(c, ["login"]);
    if (!auth.sendResetLink) return showPage(c, frame, { title, body: askStaffPage(), status: 409 });
    try {
      await auth.sendResetLink(login.slice(0, 254), actorOf(c).clientAddress);
    } catch (error) {
      const { heading, status } = refusalOf(c, error, "");
      return showPage(c, frame, { title, body: forgottenPage({ login, fault: heading }), status });
    }
    return c.redirect("/auth/forgotten?done=sent", 303);
  });

  const show = createRoute({
    security,
    method: "get",
    path: "/new-password",
    tags,
    summary: "The page behind a link to a new password",
    request: {
      query: z.strictObject({ token: z.string().max(200).openapi({ description: "The token of the reset link" }) }),
    },
    responses: { ...pageAnswer("The page"), ...refusedForm },
  });
  app.openapi(show, async (c) => {
    const { token } = c.req.valid("query");
    const isGood = await auth.resetLinks.isGood(token);
    const shown: ShownPage = isGood
      ? { title: titleOfNew, body: newPasswordPage({ token }) }
      : { title: titleOfNew, body: staleLinkPage(), status: 422 };
    const answer = await showPage(c, frame, shown);
    // The URL contains the token, so only the origin is sent as referrer. (`no-referrer` would hide the form's origin too.)
    answer.headers.set("Referrer-Policy", "strict-origin");
    return answer;
  });

  const set = createRoute({
    security,
    middleware: csrfProtection(auth),
    method: "post",
    path: "/new-password",
    tags,
    summary: "Set a new password at the page",
    request: noQuery,
    responses: { ...onward, ...refusedForm },
  });
  app.openapi(set, async (c) => {
    const { token, password } = await readForm(c, ["token", "password"]);
    try {
      await auth.resetLinks.use(token, password, actorOf(c));
    } catch (error) {
      const refusal = refusalOf(c, error, "The password was not set yet");
      const isStale = refusal.faults.some(({ path }) => path === "token");
      const body = isStale ? staleLinkPage() : newPasswordPage({ token, refusal });
      return showPage(c, frame, { title: titleOfNew, body, status: refusal.status });
    }
    return c.redirect("/auth/sign-in?done=reset", 303);
  });
}
