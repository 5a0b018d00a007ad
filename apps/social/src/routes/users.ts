import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { clientAddressOf, guards } from "@quintet/auth";
import { errorResponse, formBody, idempotent, jsonBody, jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { getProfile, logIn, signUp } from "../users/users.ts";
import { loginInput, profileSchema, tokenSchema, toProfileResponse, userInput, userParams } from "./schemas.ts";

const tags = ["social"];

/** Adds the routes that create a user, log in, and get a user. */
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
        summary: "Create a user",
        description:
          "Creates an account, which is valid in every app, and its profile. `REGISTRATION` determines who may create accounts.",
        request: { ...noQuery, ...jsonBody(userInput) },
        responses: {
          201: jsonResponse(profileSchema, "User created"),
          403: errorResponse("Registration is closed, or the invitation is missing or invalid"),
          409: errorResponse("The email is already registered, or a request with this Idempotency-Key is in flight"),
          429: errorResponse("Too many registrations from this address"),
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
        summary: "Log in",
        description: "Issues an access token for a username or email and its password, valid in every app.",
        request: { ...noQuery, ...formBody(loginInput) },
        responses: {
          200: jsonResponse(tokenSchema, "Token issued"),
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
        summary: "Get a user",
        description: "Gets the profile of a user. The caller's own profile is created when it does not exist.",
        request: { ...noQuery, params: userParams },
        responses: {
          200: jsonResponse(profileSchema, "The user"),
          404: errorResponse("There is no user with this id, or the user has no profile yet"),
        },
      }),
      async (c) => {
        const profile = await getProfile(profiles, c.var.account, c.req.valid("param").id);
        return c.json(toProfileResponse(profile), 200);
      },
    );
}
