import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { jsonAnswer, limitParam, type ServiceEnv, wholeNumber } from "@quintet/http";
import { auditActions } from "../audit/audit-queries.ts";
import type { LocalAuth } from "../local-auth.ts";
import type { StaffLists } from "../staff-lists.ts";

const eventSchema = z
  .object({
    at: z.iso.datetime(),
    actorId: z.number().int().nullable().openapi({ description: "Whose credentials were used" }),
    accountId: z.number().int().nullable().openapi({ description: "Whom it is about" }),
    action: z.enum(auditActions),
    subject: z.string().nullable().openapi({ description: "The sign-in or API client that it is about" }),
    address: z.string().nullable(),
    requestId: z.string().nullable(),
    method: z.string().nullable().openapi({ description: "As the following, of staff-action only" }),
    route: z.string().nullable().openapi({ example: "/queue/queues/:name" }),
    path: z.string().nullable(),
    status: z.number().int().nullable().openapi({ description: "The HTTP status; null where it was cut off" }),
  })
  .openapi("AuditEvent");
const pageSchema = z.object({ events: z.array(eventSchema), nextCursor: z.string().nullable() }).openapi("AuditEvents");

const account = wholeNumber(1, 2 ** 31 - 1).optional();
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** `/auth/audit`: what was done to accounts, and by staff in every app; for staff. */
export function addAudit(app: OpenAPIHono<ServiceEnv>, { auth, lists }: { auth: LocalAuth; lists: StaffLists }) {
  return app.openapi(
    createRoute({
      ...guards(auth).staff("accounts:manage"),
      method: "get",
      path: "/audit",
      tags: ["accounts: staff"],
      summary: "Every change to accounts and every action of staff in every app, the last stored first",
      request: {
        query: z.strictObject({
          accountId: account,
          actorId: account,
          action: z.enum(auditActions).optional(),
          requestId: z
            .string()
            .regex(/^[ -~]{1,128}$/, "must be a request id")
            .optional(),
          from: time.optional().openapi({ type: "string", description: "From this time on" }),
          to: time.optional().openapi({ type: "string", description: "Before this time" }),
          limit: limitParam(50),
          cursor: z.string().optional(),
        }),
      },
      responses: { 200: jsonAnswer(pageSchema, "A page of them") },
    }),
    async (c) => {
      const { rows, nextCursor } = await lists.events(c.req.valid("query"));
      const events = rows.map(({ id: _, at, ...event }) => ({ at: at.toISOString(), ...event }));
      c.header("Cache-Control", "no-store");
      return c.json({ events, nextCursor }, 200);
    },
  );
}
