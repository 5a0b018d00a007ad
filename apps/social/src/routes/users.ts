import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { clientAddressOf, guards } from "@quintet/auth";
import { errorResponse, formBody, idempotent, jsonBody, jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { getProfile, logIn, signUp } from "../users/users.ts";
import { idParams, loginInput, profileSchema, tokenSchema, toProfileResponse, userInput } from "./schemas.ts";

const tags = ["social"];

/** Signing up, logging in, and who somebody is. */
export function addUserRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const { auth, profiles } = deps;
  const guard = guards(auth);

  return app
    .openapi(
      createRoute({
        ...guard.open(idempotent(deps.idempotency)),
        method: "post",
        path: "/users",
        tags,
        summary: "Make an account; it works in every app",
        request: { ...noQuery, ...jsonBody(userInput) },
        responses: {
          201: jsonResponse(profileSchema, "The new user"),
          403: errorResponse("Accounts are made by staff here, or with an invitation that is missing or not good"),
          409: errorResponse("The email is taken"),
          429: errorResponse("Too many from this address"),
        },
      }),
      async (c) => {
        const profile = await signUp(deps, c.req.valid("json"), {
          clientAddress: clientAddressOf(c),
          request: c.var.keyed,
        });
        c.header("Location", `/social/users/${profile.id}`);
        return c.json(toProfileResponse(profile), 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.open(),
        method: "post",
        path: "/login",
        tags,
        summary: "An access token for a username or email and its password",
        request: { ...noQuery, ...formBody(loginInput) },
        responses: {
          200: jsonResponse(tokenSchema, "The token"),
          403: errorResponse("Invalid Credentials"),
        },
      }),
      async (c) => {
        const { username, password } = c.req.valid("form");
        const access_token = await logIn(auth, username, password, clientAddressOf(c));
        c.header("Cache-Control", "no-store");
        return c.json({ access_token, token_type: "bearer" as const }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/users/{id}",
        tags,
        summary: "One user",
        request: { ...noQuery, params: idParams },
        responses: {
          200: jsonResponse(profileSchema, "The user"),
          404: errorResponse("Nobody with this id has been here"),
        },
      }),
      async (c) => {
        const profile = await getProfile(profiles, c.var.account, c.req.valid("param").id);
        return c.json(toProfileResponse(profile), 200);
      },
    );
}
