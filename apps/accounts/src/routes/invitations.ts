import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  type IdempotencyStore,
  idempotent,
  jsonAnswer,
  jsonBody,
  limitParam,
  noQuery,
  refusal,
  type ServiceEnv,
  wholeNumber,
} from "@quintet/http";
import { actorOf } from "../audit/actor.ts";
import type { LocalAuth } from "../local-auth.ts";
import { type Invitation, newInvitationSchema } from "../registration/invitations.ts";
import type { StaffLists } from "../staff-lists.ts";

const tags = ["accounts: staff"];
export const invitationParams = z.strictObject({ id: wholeNumber(1, 2 ** 32 - 1) });

const invitationSchema = z
  .object({
    id: z.number().int(),
    email: z.string().nullable().openapi({ description: "Whom it is for; null: whoever has it" }),
    state: z.enum(["open", "used", "revoked", "expired"]),
    madeBy: z.number().int().openapi({ description: "The account of staff that made it" }),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    accountId: z.number().int().nullable().openapi({ description: "The account that was made with it" }),
  })
  .openapi("Invitation");
const madeSchema = invitationSchema
  .extend({
    token: z.string().openapi({ description: "For `invitation` of POST /auth/register; shown this once" }),
    url: z.url().openapi({ description: "The page at which it is used" }),
  })
  .openapi("NewInvitation");
const listSchema = z
  .object({ invitations: z.array(invitationSchema), nextCursor: z.string().nullable() })
  .openapi("Invitations");
const inputSchema = newInvitationSchema.openapi("InvitationInput");

/** Invitations to make an account, for `REGISTRATION=invite`: `/auth/invitations`; for staff. */
export function addInvitations(
  app: OpenAPIHono<ServiceEnv>,
  { auth, lists, idempotency }: { auth: LocalAuth; lists: StaffLists; idempotency: IdempotencyStore },
) {
  const guard = guards(auth);

  return app
    .openapi(
      createRoute({
        ...guard.staff("accounts:manage", idempotent(idempotency)),
        method: "post",
        path: "/invitations",
        tags,
        summary: "Invite somebody to make an account: once, within some days, with that email if one is named",
        request: { ...noQuery, ...jsonBody(inputSchema) },
        responses: { 201: jsonAnswer(madeSchema, "The invitation, with its token, to hand over") },
      }),
      async (c) => {
        const { account, keyed } = c.var;
        const made = await auth.invitations.create(c.req.valid("json"), account.id, actorOf(c), keyed);
        c.header("Cache-Control", "no-store");
        return c.json({ ...shown(made.invitation), token: made.token, url: made.url }, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("accounts:manage"),
        method: "get",
        path: "/invitations",
        tags,
        summary: "Invitations, the newest first",
        request: { query: z.strictObject({ limit: limitParam(50), cursor: z.string().optional() }) },
        responses: { 200: jsonAnswer(listSchema, "A page of them") },
      }),
      async (c) => {
        const { rows, nextCursor } = await lists.invitations(c.req.valid("query"));
        c.header("Cache-Control", "no-store");
        return c.json({ invitations: rows.map(shown), nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("accounts:manage"),
        method: "delete",
        path: "/invitations/{id}",
        tags,
        summary: "Revoke an invitation that was not used",
        request: { ...noQuery, params: invitationParams },
        responses: {
          204: { description: "It is revoked" },
          404: refusal("There is no such invitation"),
          409: refusal("It was used already"),
        },
      }),
      async (c) => {
        await auth.invitations.revoke(c.req.valid("param").id, actorOf(c));
        return c.body(null, 204);
      },
    );
}

function shown({ id, email, state, madeBy, createdAt, expiresAt, accountId }: Invitation) {
  const times = { createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() };
  return { id, email, state, madeBy, ...times, accountId };
}
