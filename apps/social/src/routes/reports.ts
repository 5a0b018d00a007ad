import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { errorResponse, idempotent, jsonBody, jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { createModeration } from "../moderation/actions.ts";
import { createReports } from "../moderation/reports.ts";
import { idCursors } from "./id-cursors.ts";
import {
  actionListSchema,
  appealInput,
  handleInput,
  ownActionsQuery,
  reportInput,
  reportListSchema,
  reportSchema,
  reportsQuery,
  staffReportSchema,
  toActionResponse,
  toReportResponse,
  toStaffReport,
} from "./moderation-schemas.ts";
import { idParam } from "./schemas.ts";

const tags = ["keeping order"];
const unknown = errorResponse("There is no such report");
const reportParams = idParam("Id of the report");

/** Adds the routes by which people report and appeal, and staff looks at reports. */
export function addReportRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  const { db } = deps.database;
  const reports = createReports(db, deps.admitWrite);
  const moderation = createModeration(db);
  const own = idCursors(deps.cursorKey, "own actions");

  return app
    .openapi(
      createRoute({
        ...guard.account("social:write", idempotent(deps.idempotency)),
        method: "post",
        path: "/reports",
        tags,
        summary: "Report a post, a comment or a user",
        description:
          "Tells staff that a post, a comment or a user breaks the rules. What it says at this moment is kept with the report.",
        request: { ...noQuery, ...jsonBody(reportInput) },
        responses: {
          201: jsonResponse(reportSchema, "Reported"),
          404: errorResponse("The post, the comment or the user does not exist, or the caller may not see it"),
          409: errorResponse("The caller's report of it is open, or a request with this Idempotency-Key is in flight"),
          429: errorResponse("The account has made too many reports in this hour"),
        },
      }),
      async (c) => {
        const { postId, commentId, userId, ...why } = c.req.valid("json");
        const { account, keyed } = c.var;
        await deps.profiles.ensure(account);
        const subject =
          postId !== undefined ? { postId } : commentId !== undefined ? { commentId } : { userId: userId ?? 0 };
        return c.json(toReportResponse(await reports.create(account, subject, why, keyed)), 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.auditedStaff("social:moderate"),
        method: "get",
        path: "/reports",
        tags,
        summary: "List reports (staff)",
        description:
          "Lists reports in a state: open ones with the oldest first, handled ones with the latest first. Reading is logged in the audit log.",
        request: { query: reportsQuery },
        responses: { 200: jsonResponse(reportListSchema, "A page of reports") },
      }),
      async (c) => {
        const { state, limit, cursor } = c.req.valid("query");
        const cursors = idCursors(deps.cursorKey, `reports ${state}`);
        const page = cursors.page(await reports.list(state, limit + 1, cursors.after(cursor)), limit);
        return c.json({ reports: page.rows.map(toStaffReport), nextCursor: page.nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.auditedStaff("social:moderate"),
        method: "get",
        path: "/reports/{id}",
        tags,
        summary: "Get a report (staff)",
        description: "Gets a report with what its subject said. Reading is logged in the audit log.",
        request: { ...noQuery, params: reportParams },
        responses: { 200: jsonResponse(staffReportSchema, "The report"), 404: unknown },
      }),
      async (c) => c.json(toStaffReport(await reports.get(c.req.valid("param").id)), 200),
    )
    .openapi(
      createRoute({
        ...guard.auditedStaff("social:moderate"),
        method: "patch",
        path: "/reports/{id}",
        tags,
        summary: "Handle a report (staff)",
        description: "Sets the state of a report. To remove its post or suspend its user resolves it too.",
        request: { ...noQuery, params: reportParams, ...jsonBody(handleInput) },
        responses: {
          200: jsonResponse(staffReportSchema, "The report"),
          404: unknown,
          409: errorResponse("It cannot be opened: another report of its subject by its reporter is open"),
        },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        const { state, outcome } = c.req.valid("json");
        await deps.profiles.ensure(c.var.account);
        await reports.handle(id, c.var.account.id, state, outcome);
        return c.json(toStaffReport(await reports.get(id)), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/users/me/actions",
        tags,
        summary: "List what staff did about the caller",
        description:
          "Lists removals, suspensions and what undid them, the latest first, each with its reason and the caller's appeal.",
        request: { query: ownActionsQuery },
        responses: { 200: jsonResponse(actionListSchema, "A page of actions") },
      }),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const page = own.page(await moderation.list(limit + 1, own.after(cursor), c.var.account.id), limit);
        return c.json({ actions: page.rows.map(toActionResponse), nextCursor: page.nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:write"),
        method: "post",
        path: "/appeals",
        tags,
        summary: "Appeal against an action",
        description:
          "Asks staff to look again at a removal or a suspension. There is one appeal for each; a suspended user may appeal too.",
        request: { ...noQuery, ...jsonBody(appealInput) },
        responses: {
          204: { description: "The appeal was taken" },
          404: errorResponse("There is no such action about the caller"),
          409: errorResponse("The caller has appealed against it already"),
        },
      }),
      async (c) => {
        const { actionId, content } = c.req.valid("json");
        await moderation.appeal(c.var.account.id, actionId, content);
        return c.body(null, 204);
      },
    );
}
