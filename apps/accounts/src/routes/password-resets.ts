import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  errorResponse,
  type IdempotencyStore,
  idempotent,
  jsonBody,
  jsonResponse,
  noQuery,
  Problem,
  type ServiceEnv,
} from "@quintet/http";
import { actorOf } from "../audit/actor.ts";
import type { LocalAuth } from "../local-auth.ts";
import { noMailText, resetRequestedText } from "../password-resets/forgotten-passwords.ts";
import { accountParams } from "./schemas.ts";

const tags = ["accounts"];

const forgotSchema = z
  .strictObject({
    login: z.string().min(1).max(254).openapi({ description: "The username or email address", example: "ana" }),
  })
  .openapi("ForgottenPassword");
const requestedSchema = z
  .object({ detail: z.string().openapi({ description: "A sentence for the user" }) })
  .openapi("ForgottenPasswordAnswer");
const resetSchema = z
  .strictObject({
    token: z.string().max(200).openapi({ description: "The `token` parameter of the reset link" }),
    password: z.string().max(4096).openapi({ description: "The new password" }),
  })
  .openapi("PasswordReset");
const linkSchema = z
  .object({
    url: z.url().openapi({ description: "The page where the new password is set" }),
    expiresAt: z.iso.datetime().openapi({ description: "When the link expires" }),
  })
  .openapi("ResetLink");

/** A forgotten password: `/auth/forgot`, `/auth/reset`, and the link that staff hands over. */
export function addPasswordResets(
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
        summary: "Request a password reset link",
        description:
          "Mails a link that works once, for 30 minutes. The response is the same whether or not the account exists. " +
          "At most 20 requests in a row from one address, then one every 3 minutes.",
        request: { ...noQuery, ...jsonBody(forgotSchema) },
        responses: {
          202: jsonResponse(requestedSchema, "Request accepted"),
          409: errorResponse("This installation sends no mail; staff creates reset links"),
          429: errorResponse("Too many requests from this address"),
        },
      }),
      async (c) => {
        if (!auth.sendResetLink) throw new Problem("conflict", noMailText);
        await auth.sendResetLink(c.req.valid("json").login, actorOf(c).clientAddress);
        c.header("Cache-Control", "no-store");
        return c.json({ detail: resetRequestedText }, 202);
      },
    )
    .openapi(
      createRoute({
        ...guard.open(),
        method: "post",
        path: "/reset",
        tags,
        summary: "Reset a password",
        description: "Sets a new password with a reset link. All sessions and tokens of the account end.",
        request: { ...noQuery, ...jsonBody(resetSchema) },
        responses: {
          204: { description: "Password reset" },
          422: errorResponse("The link is invalid, or the password breaks a rule"),
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
        summary: "Create a password reset link",
        description: "For staff to hand over to the owner of the account. It works once, for 30 minutes.",
        request: { ...noQuery, params: accountParams },
        responses: {
          201: jsonResponse(linkSchema, "Reset link created; it is shown only once"),
          404: errorResponse("Account not found"),
          409: errorResponse("The account is deactivated"),
        },
      }),
      async (c) => {
        c.header("Cache-Control", "no-store");
        return c.json(await auth.resetLinks.createFor(c.req.valid("param").id, actorOf(c), c.var.keyed), 201);
      },
    );
}
