import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { cursorParam, jsonResponse, limitParam, type ServiceEnv, wholeNumber } from "@quintet/http";
import { auditActions } from "../audit/audit-queries.ts";
import type { LocalAuth } from "../local-auth.ts";
import type { StaffLists } from "../staff-lists.ts";
import { nextCursorSchema } from "./schemas.ts";

const eventSchema = z
  .object({
    at: z.iso.datetime().openapi({ description: "When it happened" }),
    actorId: z
      .number()
      .int()
      .nullable()
      .openapi({ description: "The account whose credentials were used; null if there were none" }),
    accountId: z.number().int().nullable().openapi({ description: "The account concerned; null if there is none" }),
    action: z
      .enum(auditActions)
      .openapi({ description: "What happened; `staff-action` is a write by staff in any app" }),
    subject: z
      .string()
      .nullable()
      .openapi({ description: "The session, API client, invitation or issuer concerned; null if there is none" }),
    address: z.string().nullable().openapi({ description: "The client's IP address" }),
    requestId: z.string().nullable().openapi({ description: "The X-Request-Id of the request" }),
    method: z.string().nullable().openapi({ description: "The HTTP method; set for `staff-action` only" }),
    route: z
      .string()
      .nullable()
      .openapi({ description: "The route; set for `staff-action` only", example: "/queue/queues/:name" }),
    path: z.string().nullable().openapi({ description: "The path; set for `staff-action` only" }),
    status: z
      .number()
      .int()
      .nullable()
      .openapi({ description: "The HTTP status of the response; null if the request was interrupted" }),
  })
  .openapi("AuditEvent");
const pageSchema = z
  .object({ events: z.array(eventSchema).openapi({ description: "Newest first" }), nextCursor: nextCursorSchema })
  .openapi("AuditEvents");

const account = wholeNumber(1, 2 ** 31 - 1).optional();
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** `/auth/audit`: what was done to accounts, and what staff did in every app; for staff. */
export function addAudit(app: OpenAPIHono<ServiceEnv>, { auth, lists }: { auth: LocalAuth; lists: StaffLists }) {
  return app.openapi(
    createRoute({
      ...guards(auth).staff("accounts:manage"),
      method: "get",
      path: "/audit",
      tags: ["accounts: staff"],
      summary: "List audit events",
      description:
        "Every change to an account and every write by staff in any app, the most recently stored first. " +
        "Filters are combined: an event must match all of them.",
      request: {
        query: z.strictObject({
          accountId: account.openapi({ description: "Only events about this account" }),
          actorId: account.openapi({ description: "Only events caused by this account" }),
          action: z.enum(auditActions).optional().openapi({ description: "Only events of this kind" }),
          requestId: z
            .string()
            .regex(/^[ -~]{1,128}$/, "must be a request id")
            .optional()
            .openapi({ description: "Only events of this request" }),
          from: time
            .optional()
            .openapi({ type: "string", description: "Only events at or after this time (RFC 3339)" }),
          to: time.optional().openapi({ type: "string", description: "Only events before this time (RFC 3339)" }),
          limit: limitParam(50),
          cursor: cursorParam,
        }),
      },
      responses: { 200: jsonResponse(pageSchema, "A page of events") },
    }),
    async (c) => {
      const { rows, nextCursor } = await lists.events(c.req.valid("query"));
      const events = rows.map(({ id: _, at, ...event }) => ({ at: at.toISOString(), ...event }));
      c.header("Cache-Control", "no-store");
      return c.json({ events, nextCursor }, 200);
    },
  );
}
