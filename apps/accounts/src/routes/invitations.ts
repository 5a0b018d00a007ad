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
  type ServiceEnv,
} from "@quintet/http";
import { actorOf } from "../audit/actor.ts";
import type { LocalAuth } from "../local-auth.ts";
import { type Invitation, invitationIdSchema, newInvitationSchema } from "../registration/invitations.ts";
import type { StaffLists } from "../staff-lists.ts";
import { nextCursorSchema } from "./schemas.ts";

const tags = ["accounts: staff"];
const params = z.strictObject({ id: invitationIdSchema.openapi({ description: "The id of the invitation" }) });

const invitationSchema = z
  .object({
    id: z.number().int().openapi({ description: "The id of the invitation" }),
    email: z.string().nullable().openapi({ description: "The only email address that may use it; null: any" }),
    state: z.enum(["open", "used", "revoked", "expired"]).openapi({ description: "Only an `open` one can be used" }),
    madeBy: z.number().int().openapi({ description: "The staff account that created it" }),
    createdAt: z.iso.datetime().openapi({ description: "When it was created" }),
    expiresAt: z.iso.datetime().openapi({ description: "When it expires" }),
    accountId: z
      .number()
      .int()
      .nullable()
      .openapi({ description: "The account that was created with it; null if none" }),
  })
  .openapi("Invitation");
const createdSchema = invitationSchema
  .extend({
    token: z.string().openapi({ description: "The `invitation` field of POST /auth/register; shown only once" }),
    url: z.url().openapi({ description: "The sign-up page with this invitation" }),
  })
  .openapi("NewInvitation");
const listSchema = z
  .object({
    invitations: z.array(invitationSchema).openapi({ description: "Newest first" }),
    nextCursor: nextCursorSchema,
  })
  .openapi("Invitations");
const { shape } = newInvitationSchema;
const inputSchema = newInvitationSchema
  .extend({
    email: shape.email.openapi({ description: "The only email address that may use it; any by default" }),
    days: shape.days.openapi({ description: "In how many days it expires" }),
  })
  .openapi("InvitationInput");

/** Invitations to create an account, for `REGISTRATION=invite`: `/auth/invitations`; for staff. */
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
        summary: "Create an invitation",
        description: "With an invitation one account can be created.",
        request: { ...noQuery, ...jsonBody(inputSchema) },
        responses: { 201: jsonResponse(createdSchema, "Invitation created") },
      }),
      async (c) => {
        const { account, keyed } = c.var;
        const made = await auth.invitations.create(c.req.valid("json"), account.id, actorOf(c), keyed);
        c.header("Cache-Control", "no-store");
        return c.json({ ...toJson(made.invitation), token: made.token, url: made.url }, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("accounts:manage"),
        method: "get",
        path: "/invitations",
        tags,
        summary: "List invitations",
        description: "The newest first.",
        request: { query: z.strictObject({ limit: limitParam(50), cursor: cursorParam }) },
        responses: { 200: jsonResponse(listSchema, "A page of invitations") },
      }),
      async (c) => {
        const { rows, nextCursor } = await lists.invitations(c.req.valid("query"));
        c.header("Cache-Control", "no-store");
        return c.json({ invitations: rows.map(toJson), nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("accounts:manage"),
        method: "delete",
        path: "/invitations/{id}",
        tags,
        summary: "Revoke an invitation",
        request: { ...noQuery, params },
        responses: {
          204: { description: "Invitation revoked" },
          404: errorResponse("Invitation not found"),
          409: errorResponse("The invitation has already been used"),
        },
      }),
      async (c) => {
        await auth.invitations.revoke(c.req.valid("param").id, actorOf(c));
        return c.body(null, 204);
      },
    );
}

function toJson({ id, email, state, madeBy, createdAt, expiresAt, accountId }: Invitation) {
  const times = { createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() };
  return { id, email, state, madeBy, ...times, accountId };
}
