import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  type IdempotencyStore,
  idempotent,
  jsonAnswer,
  jsonBody,
  limitParam,
  noQuery,
  Problem,
  refusal,
  type ServiceEnv,
  wholeNumber,
} from "@quintet/http";
import { actorOf } from "../audit/actor.ts";
import type { LocalAuth } from "../local-auth.ts";
import { newAccountSchema } from "../registration/registration.ts";
import type { StaffLists } from "../staff-lists.ts";
import { accountSchema, registeredSchema } from "./schemas.ts";

const tags = ["accounts: staff"];
const params = z.strictObject({ id: wholeNumber(1, 2 ** 31 - 1) });

const listedSchema = accountSchema
  .extend({ isActive: z.boolean(), lastLogin: z.iso.datetime().nullable() })
  .openapi("ListedAccount");
const listSchema = z
  .object({ accounts: z.array(listedSchema), nextCursor: z.string().nullable() })
  .openapi("ListedAccounts");
const one = {
  200: jsonAnswer(listedSchema, "The account"),
  404: refusal("There is no such account"),
};

/** What staff does about accounts: `/auth/accounts`. */
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
        summary: "Accounts, the oldest first",
        request: {
          query: z.strictObject({
            q: z.string().min(1).max(254).optional().openapi({ description: "How the username or email begins" }),
            limit: limitParam(50),
            cursor: z.string().optional(),
          }),
        },
        responses: { 200: jsonAnswer(listSchema, "A page of them") },
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
        summary: "Make an account for somebody, whoever may make one otherwise, and as many as are needed",
        request: { ...noQuery, ...jsonBody(newAccountSchema) },
        responses: {
          201: jsonAnswer(registeredSchema, "The new account"),
          409: refusal("The username or email is taken, or this Idempotency-Key is in use"),
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
        summary: "One account",
        request: { ...noQuery, params },
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
        summary: "Deactivate an account, which ends its sign-ins and tokens, or let it sign in again",
        request: {
          ...noQuery,
          params,
          ...jsonBody(z.strictObject({ isActive: z.boolean() }).openapi("AccountChange")),
        },
        responses: { ...one, 409: refusal("It is your own account") },
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
        summary: "End all sign-ins and tokens of an account",
        request: { ...noQuery, params },
        responses: { 204: { description: "They are ended" }, 404: one[404] },
      }),
      async (c) => {
        const { id } = found(await auth.staff.one(c.req.valid("param").id));
        await auth.changes.endSessions(id, actorOf(c));
        return c.body(null, 204);
      },
    );
}

function found<T>(account: T | undefined): T {
  if (account === undefined) throw new Problem("not-found", "There is no such account.");
  return account;
}
