import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { type Account, clientAddressOf, guards } from "@quintet/auth";
import { errorResponse, formBody, idempotent, jsonBody, jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { changeProfile } from "../users/own-profile.ts";
import { personFinder } from "../users/people-queries.ts";
import { personIds } from "../users/person-ref.ts";
import { getPerson, logIn, signUp } from "../users/users.ts";
import { personParams, profileSchema, toProfile } from "./person-schemas.ts";
import { createdUserSchema, loginInput, profileChanges, toCreatedUser, tokenSchema, userInput } from "./schemas.ts";

const tags = ["social"];

/** Adds the routes that create a user, log in, and get a user. */
export function addUserRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const { auth, profiles, readerOf } = deps;
  const { db } = deps.database;
  const guard = guards(auth);
  const idOf = personIds(db);
  const findPerson = personFinder(db);
  const ownProfile = async (account: Account) => {
    await profiles.ensure(account);
    return toProfile(await getPerson(findPerson, account.id, account.id), readerOf(account));
  };

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
          201: jsonResponse(createdUserSchema, "User created"),
          403: errorResponse("Registration is closed, or the invitation is missing or invalid"),
          409: errorResponse(
            "The email is already registered, the handle is taken, or a request with this Idempotency-Key is in flight",
          ),
          429: errorResponse("Too many registrations from this address"),
        },
      }),
      async (c) => {
        const profile = await signUp(deps, c.req.valid("json"), {
          clientAddress: clientAddressOf(c),
          request: c.var.keyed,
        });
        c.header("Location", `/social/users/${profile.id}`);
        return c.json(toCreatedUser(profile), 201);
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
        const { username, password, scope } = c.req.valid("form");
        const access_token = await logIn(auth, username, password, { clientAddress: clientAddressOf(c), scope });
        c.header("Cache-Control", "no-store");
        return c.json({ access_token, token_type: "bearer" as const }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/users/me",
        tags,
        summary: "Get the caller's profile",
        description: "Gets the caller's own profile, which is created when it does not exist.",
        request: noQuery,
        responses: { 200: jsonResponse(profileSchema, "The caller") },
      }),
      async (c) => c.json(await ownProfile(c.var.account), 200),
    )
    .openapi(
      createRoute({
        ...guard.account("social:write"),
        method: "patch",
        path: "/users/me",
        tags,
        summary: "Change the caller's profile",
        description:
          "Changes the given parts of the caller's own profile. A handle is changed at most once in 30 days, apart from upper and lower case " +
          "and `_`; for 90 days the one before leads to the same user, who may take it back.",
        request: { ...noQuery, ...jsonBody(profileChanges) },
        responses: {
          200: jsonResponse(profileSchema, "The changed profile"),
          409: errorResponse("The handle is taken, or was changed in the last 30 days"),
        },
      }),
      async (c) => {
        const { account } = c.var;
        await profiles.ensure(account);
        await changeProfile(db, account.id, c.req.valid("json"));
        return c.json(await ownProfile(account), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/users/{id}",
        tags,
        summary: "Get a user",
        description:
          "Gets the profile of a user, by id or by `@` and the handle. The caller's own profile is created when it does not exist.",
        request: { ...noQuery, params: personParams },
        responses: {
          200: jsonResponse(profileSchema, "The user"),
          404: errorResponse("There is no such user, the user has no profile yet, or the caller may not see it"),
        },
      }),
      async (c) => {
        const { account } = c.var;
        const id = await idOf(c.req.valid("param").id);
        if (id === account.id) await profiles.ensure(account);
        return c.json(toProfile(await getPerson(findPerson, account.id, id), readerOf(account)), 200);
      },
    );
}
