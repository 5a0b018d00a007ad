import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { decodeCursor, encodeCursor, jsonAnswer, limitParam, type ServiceEnv, wholeNumber } from "@quintet/http";
import { guards } from "../guards.ts";
import { auditActions } from "./audit-queries.ts";
import type { LocalAuth } from "./local-auth.ts";

const eventSchema = z
  .object({
    at: z.iso.datetime(),
    actorId: z.number().int().nullable(),
    accountId: z.number().int(),
    action: z.enum(auditActions),
    subject: z.string().nullable(),
    address: z.string().nullable(),
    requestId: z.string().nullable(),
  })
  .openapi("AuditEvent");
const pageSchema = z.object({ events: z.array(eventSchema), nextCursor: z.string().nullable() }).openapi("AuditEvents");

/** `/auth/audit`: what was done to accounts, for staff. */
export function addAudit(
  app: OpenAPIHono<ServiceEnv>,
  { auth, cursorKey }: { auth: LocalAuth; cursorKey: Buffer },
): void {
  const list = createRoute({
    ...guards(auth).staff("accounts:manage"),
    method: "get",
    path: "/audit",
    tags: ["accounts: staff"],
    summary: "Every change to accounts, the newest first",
    request: {
      query: z.strictObject({
        accountId: wholeNumber(1, 2 ** 31 - 1).optional(),
        limit: limitParam(50),
        cursor: z.string().optional(),
      }),
    },
    responses: { 200: jsonAnswer(pageSchema, "A page of them") },
  });
  app.openapi(list, async (c) => {
    const { accountId, limit, cursor } = c.req.valid("query");
    const position =
      cursor === undefined ? undefined : decodeCursor(cursorKey, cursor, z.object({ audit: z.number() }));
    const beforeId = position?.audit ?? Number.MAX_SAFE_INTEGER;
    const found = await auth.audit({ accountId, beforeId, limit: limit + 1 });
    const last = found.length > limit ? found[limit - 1] : undefined;
    const events = found.slice(0, limit).map(({ id, at, ...event }) => ({ at: at.toISOString(), ...event }));
    c.header("Cache-Control", "no-store");
    return c.json({ events, nextCursor: last ? encodeCursor(cursorKey, { audit: last.id }) : null }, 200);
  });
}
