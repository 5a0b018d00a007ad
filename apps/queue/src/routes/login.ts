import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import {
  clientAddressOf,
  guards,
  OAuthError,
  oauthErrorSchema,
  oauthForm,
  requiredParameter,
  tokenSetSchema,
} from "@quintet/auth";
import { jsonResponse, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";

/** Adds `POST /queue/login`: like `POST /auth/token` with `grant_type=password`, which may be left out here. */
export function addLoginRoutes(app: OpenAPIHono<ServiceEnv>, { auth }: Deps) {
  const form = app.openAPIRegistry.registerComponent("schemas", "QueueLogin", {
    type: "object",
    description: "The credentials of an account",
    properties: {
      grant_type: { type: "string", enum: ["password"], description: "Optional; OAuth clients send it" },
      username: { type: "string", description: "Username or email address" },
      password: { type: "string", description: "Password of the account" },
    },
    required: ["username", "password"],
  });

  return app.openapi(
    createRoute({
      ...guards(auth).open(),
      method: "post",
      path: "/login",
      tags: ["queue"],
      summary: "Log in",
      description:
        "Issues tokens for a username or email and its password, like `POST /auth/token` (RFC 6749 section 4.3).",
      request: { body: { required: true, content: { "application/x-www-form-urlencoded": { schema: form.ref } } } },
      responses: {
        200: jsonResponse(tokenSetSchema, "Tokens issued"),
        400: jsonResponse(oauthErrorSchema, "Request rejected (RFC 6749 section 5.2)"),
      },
    }),
    async (c) => {
      c.header("Cache-Control", "no-store");
      try {
        const query = new URL(c.req.url).searchParams;
        const form = await oauthForm(c.req.header("content-type"), query, () => c.req.text());
        if ((form.get("grant_type") ?? "password") !== "password") {
          throw new OAuthError("unsupported_grant_type", "grant_type must be password.");
        }
        const tokens = await auth.passwordGrant(
          requiredParameter(form, "username"),
          requiredParameter(form, "password"),
          {
            clientAddress: clientAddressOf(c),
          },
        );
        if (!tokens) throw new OAuthError("invalid_grant", "The username or password is wrong.");
        return c.json(tokens, 200);
      } catch (error) {
        if (!(error instanceof OAuthError)) throw error;
        return c.json({ error: error.code, error_description: error.message }, 400);
      }
    },
  );
}
