import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import {
  clientAddressOf,
  guards,
  OAuthError,
  oauthErrorSchema,
  oauthForm,
  oauthFormBody,
  requiredParameter,
  tokenSetSchema,
} from "@quintet/auth";
import { jsonResponse, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";

/** `POST /queue/login`: what `POST /auth/token` does for `grant_type=password`, which may be left out here. */
export function addLoginRoutes(app: OpenAPIHono<ServiceEnv>, { auth }: Deps) {
  return app.openapi(
    createRoute({
      ...guards(auth).open(),
      method: "post",
      path: "/login",
      tags: ["queue"],
      summary: "Tokens for a username or email and password",
      request: oauthFormBody(
        {
          grant_type: { description: "May be left out", enum: ["password"] },
          username: { description: "Username or email" },
          password: { description: "The password" },
        },
        ["username", "password"],
      ),
      responses: {
        200: jsonResponse(tokenSetSchema, "The tokens"),
        400: jsonResponse(oauthErrorSchema, "The request is refused (RFC 6749 section 5.2)"),
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
