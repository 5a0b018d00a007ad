import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { errorResponse, jsonBody, jsonResponse, noQuery, Problem, type ServiceEnv } from "@quintet/http";
import { actorOf } from "../audit/actor.ts";
import type { LocalAuth } from "../local-auth.ts";

const tags = ["accounts"];

const sessionSchema = z
  .object({
    id: z.uuid().openapi({ description: "The id of the session" }),
    clientId: z.string().openapi({ description: "The client that signed in: an API client, `quintet` or `browser`" }),
    scope: z.string().openapi({ description: "What its tokens may be used for, separated by spaces" }),
    createdAt: z.iso.datetime().openapi({ description: "When it began" }),
    expiresAt: z.iso.datetime().openapi({ description: "When it ends unless it is used before" }),
  })
  .openapi("Session");
const sessionsSchema = z
  .object({ sessions: z.array(sessionSchema).openapi({ description: "Most recent first" }) })
  .openapi("Sessions");
const sessionId = z
  .union([z.uuid(), z.literal("all")], "must be a session's id, or all")
  .openapi({ type: "string", description: "The id of the session, or `all`", example: "all" });
const passwordsSchema = z
  .strictObject({
    currentPassword: z.string().max(4096).openapi({ description: "The current password" }),
    newPassword: z.string().max(4096).openapi({ description: "The new password: 8 to 1024 characters" }),
  })
  .openapi("PasswordChange");

/** What an account changes about itself: `/auth/password` and `/auth/sessions`. */
export function addSessions(app: OpenAPIHono<ServiceEnv>, auth: LocalAuth) {
  const guard = guards(auth);

  return app
    .openapi(
      createRoute({
        ...guard.account("account:manage"),
        method: "post",
        path: "/password",
        tags,
        summary: "Change your password",
        description: "All sessions and tokens of the account end, including those of this request.",
        request: { ...noQuery, ...jsonBody(passwordsSchema) },
        responses: {
          204: { description: "Password changed" },
          403: errorResponse("The current password is wrong"),
          422: errorResponse("The new password breaks a rule"),
        },
      }),
      async (c) => {
        const { currentPassword, newPassword } = c.req.valid("json");
        const changed = await auth.changes.changePassword(c.var.account.id, currentPassword, newPassword, actorOf(c));
        if (!changed) throw new Problem("not-found", "The account no longer exists.");
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("account:manage"),
        method: "get",
        path: "/sessions",
        tags,
        summary: "List your sessions",
        description: "The sign-ins that have not ended, the newest first.",
        request: noQuery,
        responses: { 200: jsonResponse(sessionsSchema, "At most 100 sessions") },
      }),
      async (c) => {
        const rows = await auth.changes.sessions(c.var.account.id);
        const sessions = rows.map(({ id, clientId, scope, createdAt, expiresAt }) => ({
          id,
          clientId,
          scope,
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
        summary: "End a session, or all",
        description: "Its refresh token and access tokens end. With `all`, the session of this request ends as well.",
        request: { ...noQuery, params: z.strictObject({ id: sessionId }) },
        responses: {
          204: { description: "Session ended" },
          404: errorResponse("Session not found"),
        },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        if (id === "all") {
          await auth.changes.endSessions(c.var.account.id, actorOf(c));
          return c.body(null, 204);
        }
        const ended = await auth.changes.endSession(c.var.account.id, id, actorOf(c));
        if (!ended) throw new Problem("not-found", "Session not found.");
        return c.body(null, 204);
      },
    );
}
