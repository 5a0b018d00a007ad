import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  type IdempotencyStore,
  idempotent,
  jsonAnswer,
  jsonBody,
  noQuery,
  Problem,
  refusal,
  type ServiceEnv,
  wholeNumber,
} from "@quintet/http";
import { actorOf } from "../audit/actor.ts";
import type { LocalAuth } from "../local-auth.ts";

const tags = ["accounts"];

const forgotSchema = z
  .strictObject({ login: z.string().min(1).max(254).openapi({ description: "Username or email" }) })
  .openapi("ForgottenPassword");
const sentSchema = z.object({ detail: z.string() }).openapi("ForgottenPasswordAnswer");
const resetSchema = z
  .strictObject({ token: z.string().max(200), password: z.string().max(4096) })
  .openapi("PasswordReset");
const linkSchema = z.object({ url: z.url(), expiresAt: z.iso.datetime() }).openapi("ResetLink");

/** What everybody is told who asks for a link, whether there is such an account or not. */
export const sentText = "If there is an account with that name and an email, a link is on its way to it.";
/** What is told where no mail is sent. */
export const askStaffText = "This installation sends no mail. Ask its staff for a link to a new password.";

/** A forgotten password: `/auth/forgot`, `/auth/reset`, and the link that staff hands over. */
export function addResets(
  app: OpenAPIHono<ServiceEnv>,
  { auth, idempotency }: { auth: LocalAuth; idempotency: IdempotencyStore },
) {
  const guard = guards(auth);

  return app
    .openapi(
      createRoute({
        ...guard.open(),
        method: "post",
        path: "/forgot",
        tags,
        summary: "Ask for a link to a new password, by mail",
        request: { ...noQuery, ...jsonBody(forgotSchema) },
        responses: {
          202: jsonAnswer(sentSchema, "The same whether there is such an account or not"),
          409: refusal("No mail is sent from here; staff hands links over"),
          429: refusal("Too many from this address"),
        },
      }),
      async (c) => {
        if (!auth.sendResetLink) throw new Problem("conflict", askStaffText);
        await auth.sendResetLink(c.req.valid("json").login, actorOf(c).clientAddress);
        c.header("Cache-Control", "no-store");
        return c.json({ detail: sentText }, 202);
      },
    )
    .openapi(
      createRoute({
        ...guard.open(),
        method: "post",
        path: "/reset",
        tags,
        summary: "Set a new password by a link; every sign-in and token ends",
        request: { ...noQuery, ...jsonBody(resetSchema) },
        responses: {
          204: { description: "It is set" },
          422: refusal("The link is not good, or the password breaks a rule"),
        },
      }),
      async (c) => {
        const { token, password } = c.req.valid("json");
        await auth.resetLinks.use(token, password, actorOf(c));
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("accounts:manage", idempotent(idempotency)),
        method: "post",
        path: "/accounts/{id}/reset-link",
        tags: ["accounts: staff"],
        summary: "A link to a new password, to hand over; it works once, for 30 minutes",
        request: { ...noQuery, params: z.strictObject({ id: wholeNumber(1, 2 ** 31 - 1) }) },
        responses: {
          201: jsonAnswer(linkSchema, "The link, told this once"),
          404: refusal("There is no such account"),
          409: refusal("The account is deactivated"),
        },
      }),
      async (c) => {
        c.header("Cache-Control", "no-store");
        return c.json(await auth.resetLinks.createFor(c.req.valid("param").id, actorOf(c), c.var.keyed), 201);
      },
    );
}
