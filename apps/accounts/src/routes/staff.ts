import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  cursorParam,
  errorResponse,
  type IdempotencyStore,
  idempotent,
  jsonBody,
  jsonResponse,
  limitParam,
  noQuery,
  Problem,
  type ServiceEnv,
} from "@quintet/http";
import { actorOf } from "../audit/actor.ts";
import type { LocalAuth } from "../local-auth.ts";
import type { StaffLists } from "../staff-lists.ts";
import { accountParams, accountSchema, createdAccountSchema, newAccountBody, nextCursorSchema } from "./schemas.ts";

const tags = ["accounts: staff"];

const listedSchema = accountSchema
  .extend({
    isActive: z.boolean().openapi({ description: "Whether the account may sign in" }),
    lastLogin: z.iso.datetime().nullable().openapi({ description: "When it last signed in; null if it never did" }),
  })
  .openapi("ListedAccount");
const listSchema = z
  .object({ accounts: z.array(listedSchema).openapi({ description: "By id" }), nextCursor: nextCursorSchema })
  .openapi("ListedAccounts");
const changeSchema = z
  .strictObject({ isActive: z.boolean().openapi({ description: "Whether the account may sign in" }) })
  .openapi("AccountChange");
const one = {
  200: jsonResponse(listedSchema, "The account"),
  404: errorResponse("Account not found"),
};

/** Other people's accounts, for staff: `/auth/accounts`. */
export function addStaff(
  app: OpenAPIHono<ServiceEnv>,
  { auth, lists, idempotency }: { auth: LocalAuth; lists: StaffLists; idempotency: IdempotencyStore },
) {
  const guard = guards(auth);

  return app
    .openapi(
      createRoute({
        ...guard.staff("accounts:manage"),
        method: "get",
        path: "/accounts",
        tags,
        summary: "List accounts",
        description: "The oldest first.",
        request: {
          query: z.strictObject({
            q: z
              .string()
              .min(1)
              .max(254)
              .optional()
              .openapi({ description: "Only accounts whose username or email begins with this" }),
            limit: limitParam(50),
            cursor: cursorParam,
          }),
        },
        responses: { 200: jsonResponse(listSchema, "A page of accounts") },
      }),
      async (c) => {
        const { rows: accounts, nextCursor } = await lists.accounts(c.req.valid("query"));
        c.header("Cache-Control", "no-store");
        return c.json({ accounts, nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("accounts:manage", idempotent(idempotency)),
        method: "post",
        path: "/accounts",
        tags,
        summary: "Create an account for someone",
        description: "Neither the installation's registration mode nor the rate limit of registrations applies.",
        request: { ...noQuery, ...jsonBody(newAccountBody) },
        responses: {
          201: jsonResponse(createdAccountSchema, "Account created"),
          409: errorResponse("The username or email is taken, or this Idempotency-Key is in use"),
        },
      }),
      async (c) => {
        const choices = { by: actorOf(c), request: c.var.keyed, byStaff: true };
        const { id, username, email, createdAt } = await auth.createAccount(c.req.valid("json"), choices);
        return c.json({ id, username, email, createdAt }, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("accounts:manage"),
        method: "get",
        path: "/accounts/{id}",
        tags,
        summary: "Get an account",
        request: { ...noQuery, params: accountParams },
        responses: one,
      }),
      async (c) => {
        c.header("Cache-Control", "no-store");
        return c.json(found(await auth.staff.one(c.req.valid("param").id)), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("accounts:manage"),
        method: "patch",
        path: "/accounts/{id}",
        tags,
        summary: "Deactivate or reactivate an account",
        description: "Deactivating an account ends its sessions and tokens.",
        request: { ...noQuery, params: accountParams, ...jsonBody(changeSchema) },
        responses: { ...one, 409: errorResponse("Staff cannot deactivate their own account") },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        const { isActive } = c.req.valid("json");
        await auth.changes.setActive(id, isActive, actorOf(c));
        return c.json(found(await auth.staff.one(id)), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("accounts:manage"),
        method: "delete",
        path: "/accounts/{id}/sessions",
        tags,
        summary: "End all sessions of an account",
        description: "Its refresh tokens and access tokens end.",
        request: { ...noQuery, params: accountParams },
        responses: { 204: { description: "Sessions ended" }, 404: one[404] },
      }),
      async (c) => {
        const { id } = found(await auth.staff.one(c.req.valid("param").id));
        await auth.changes.endSessions(id, actorOf(c));
        return c.body(null, 204);
      },
    );
}

function found<T>(account: T | undefined): T {
  if (account === undefined) throw new Problem("not-found", "Account not found.");
  return account;
}
