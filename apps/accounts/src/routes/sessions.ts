import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { jsonAnswer, jsonBody, noQuery, Problem, refusal, type ServiceEnv } from "@quintet/http";
import { actorOf } from "../audit/actor.ts";
import type { LocalAuth } from "../local-auth.ts";

const tags = ["accounts"];

const sessionSchema = z
  .object({
    id: z.uuid(),
    clientId: z.string(),
    scope: z.string(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().openapi({ description: "Unless it is used before" }),
  })
  .openapi("Session");
const sessionsSchema = z.object({ sessions: z.array(sessionSchema) }).openapi("Sessions");
const sessionId = z
  .union([z.uuid(), z.literal("all")], "must be a session's id, or all")
  .openapi({ type: "string", example: "all" });
const passwordsSchema = z
  .strictObject({ currentPassword: z.string().max(4096), newPassword: z.string().max(4096) })
  .openapi("PasswordChange");

/** What an account does about itself: `/auth/password` and `/auth/sessions`. */
export function addSessions(app: OpenAPIHono<ServiceEnv>, auth: LocalAuth) {
  const guard = guards(auth);

  return app
    .openapi(
      createRoute({
        ...guard.account("account:manage"),
        method: "post",
        path: "/password",
        tags,
        summary: "Change your password; every sign-in and token ends",
        request: { ...noQuery, ...jsonBody(passwordsSchema) },
        responses: {
          204: { description: "It is changed" },
          403: refusal("The current password is wrong"),
          422: refusal("The new one breaks a rule"),
        },
      }),
      async (c) => {
        const { currentPassword, newPassword } = c.req.valid("json");
        const changed = await auth.changes.changePassword(c.var.account.id, currentPassword, newPassword, actorOf(c));
        if (!changed) throw new Problem("not-found", "There is no such account any more.");
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("account:manage"),
        method: "get",
        path: "/sessions",
        tags,
        summary: "Your sign-ins that go on, the newest first",
        request: noQuery,
        responses: { 200: jsonAnswer(sessionsSchema, "At most 100 of them") },
      }),
      async (c) => {
        const rows = await auth.changes.sessions(c.var.account.id);
        const sessions = rows.map(({ createdAt, expiresAt, ...row }) => ({
          ...row,
          createdAt: createdAt.toISOString(),
          expiresAt: expiresAt.toISOString(),
        }));
        c.header("Cache-Control", "no-store");
        return c.json({ sessions }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("account:manage"),
        method: "delete",
        path: "/sessions/{id}",
        tags,
        summary: "End one of your sign-ins, or all, this one too",
        request: { ...noQuery, params: z.strictObject({ id: sessionId }) },
        responses: {
          204: { description: "It is ended" },
          404: refusal("You have no such sign-in"),
        },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        if (id === "all") {
          await auth.changes.endSessions(c.var.account.id, actorOf(c));
          return c.body(null, 204);
        }
        const ended = await auth.changes.endSession(c.var.account.id, id, actorOf(c));
        if (!ended) throw new Problem("not-found", "You have no such sign-in.");
        return c.body(null, 204);
      },
    );
}
