import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { errorResponse, jsonBody, jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { createModeration } from "../moderation/actions.ts";
import { createWordFilters } from "../moderation/word-filters.ts";
import { idCursors } from "./id-cursors.ts";
import {
  actionInput,
  actionsQuery,
  appealsQuery,
  decisionInput,
  staffActionListSchema,
  staffActionSchema,
  toStaffAction,
  toWordFilterResponse,
  wordFilterInput,
  wordFilterListSchema,
  wordFilterSchema,
} from "./moderation-schemas.ts";
import { idParam, postParams } from "./schemas.ts";

const tags = ["keeping order"];
const userParams = idParam("Id of the user");
const commentParams = idParam("Id of the comment");

/** What staff does, with the words of their routes. */
const acts = [
  {
    path: "/posts/{id}/remove",
    params: postParams,
    act: "removePost",
    summary: "Remove a post (staff)",
    description:
      "Hides a post from everybody, its author included, with a reason that he is told. Its open reports are resolved.",
    already: "The post is removed already",
  },
  {
    path: "/posts/{id}/restore",
    params: postParams,
    act: "restorePost",
    summary: "Restore a post (staff)",
    description: "Undoes the removal of a post: it is where it was, with its votes.",
    already: "The post is not removed",
  },
  {
    path: "/comments/{id}/remove",
    params: commentParams,
    act: "removeComment",
    summary: "Remove a comment (staff)",
    description: "Takes the text of a comment out of every read; its replies stay. Its open reports are resolved.",
    already: "The comment is removed already",
  },
  {
    path: "/comments/{id}/restore",
    params: commentParams,
    act: "restoreComment",
    summary: "Restore a comment (staff)",
    description: "Undoes the removal of a comment.",
    already: "The comment is not removed",
  },
  {
    path: "/users/{id}/suspend",
    params: userParams,
    act: "suspend",
    summary: "Suspend a user (staff)",
    description: "Hides a user and what he wrote from everybody else. He may read and appeal, and write nothing.",
    already: "The user is suspended already",
  },
  {
    path: "/users/{id}/restore",
    params: userParams,
    act: "reinstate",
    summary: "Reinstate a user (staff)",
    description: "Ends the suspension of a user.",
    already: "The user is not suspended",
  },
] as const;

/** Adds the routes by which staff keeps order. Each is logged in the audit log, reading too. */
export function addModerationRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  const { db } = deps.database;
  const moderation = createModeration(db);
  const filters = createWordFilters(db);
  const actions = idCursors(deps.cursorKey, "actions");

  for (const { path, params, act, summary, description, already } of acts) {
    app.openapi(
      createRoute({
        ...guard.auditedStaff("social:moderate"),
        method: "post",
        path,
        tags,
        summary,
        description,
        request: { ...noQuery, params, ...jsonBody(actionInput) },
        responses: {
          200: jsonResponse(staffActionSchema, "Done"),
          404: errorResponse("There is none with this id"),
          409: errorResponse(already),
        },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        const staff = c.var.account;
        await deps.profiles.ensure(staff);
        const done = await moderation[act](staff.id, id, c.req.valid("json").reason);
        return c.json(toStaffAction({ ...done, appeal: null }), 200);
      },
    );
  }

  return app
    .openapi(
      createRoute({
        ...guard.auditedStaff("social:moderate"),
        method: "get",
        path: "/moderation/actions",
        tags,
        summary: "List what staff did (staff)",
        description: "Lists removals, suspensions and what undid them, the latest first.",
        request: { query: actionsQuery },
        responses: { 200: jsonResponse(staffActionListSchema, "A page of actions") },
      }),
      async (c) => {
        const { limit, cursor, userId } = c.req.valid("query");
        const page = actions.page(await moderation.list(limit + 1, actions.after(cursor), userId), limit);
        return c.json({ actions: page.rows.map(toStaffAction), nextCursor: page.nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.auditedStaff("social:moderate"),
        method: "get",
        path: "/moderation/appeals",
        tags,
        summary: "List appeals (staff)",
        description: "Lists the actions with an appeal in a state, the oldest first.",
        request: { query: appealsQuery },
        responses: { 200: jsonResponse(staffActionListSchema, "A page of actions with their appeals") },
      }),
      async (c) => {
        const { state, limit, cursor } = c.req.valid("query");
        const cursors = idCursors(deps.cursorKey, `appeals ${state}`);
        const page = cursors.page(await moderation.listAppeals(state, limit + 1, cursors.after(cursor)), limit);
        return c.json({ actions: page.rows.map(toStaffAction), nextCursor: page.nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.auditedStaff("social:moderate"),
        method: "put",
        path: "/moderation/appeals/{id}",
        tags,
        summary: "Decide an appeal (staff)",
        description: "Decides the appeal against the action with this id. Granting it undoes the action.",
        request: { ...noQuery, params: idParam("Id of the action"), ...jsonBody(decisionInput) },
        responses: {
          204: { description: "Decided" },
          404: errorResponse("There is no appeal against this action"),
          409: errorResponse("The appeal is decided already"),
        },
      }),
      async (c) => {
        const { decision, answer } = c.req.valid("json");
        await deps.profiles.ensure(c.var.account);
        await moderation.decide(c.var.account.id, c.req.valid("param").id, decision, answer);
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.auditedStaff("social:moderate"),
        method: "get",
        path: "/moderation/word-filters",
        tags,
        summary: "List word filters (staff)",
        description: "Lists the words and phrases that nobody may write, or that are reported.",
        request: noQuery,
        responses: { 200: jsonResponse(wordFilterListSchema, "The filters") },
      }),
      async (c) => c.json({ filters: (await filters.list()).map(toWordFilterResponse) }, 200),
    )
    .openapi(
      createRoute({
        ...guard.auditedStaff("social:moderate"),
        method: "post",
        path: "/moderation/word-filters",
        tags,
        summary: "Add a word filter (staff)",
        description: "Adds a word or a phrase for what is written from now on.",
        request: { ...noQuery, ...jsonBody(wordFilterInput) },
        responses: {
          201: jsonResponse(wordFilterSchema, "Added"),
          409: errorResponse("There is a filter of these words already, or there are 1,000"),
        },
      }),
      async (c) => {
        const { phrase, action } = c.req.valid("json");
        await deps.profiles.ensure(c.var.account);
        return c.json(toWordFilterResponse(await filters.add(c.var.account.id, phrase, action)), 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.auditedStaff("social:moderate"),
        method: "delete",
        path: "/moderation/word-filters/{id}",
        tags,
        summary: "Remove a word filter (staff)",
        description: "Removes a word filter. What it refused was never stored.",
        request: { ...noQuery, params: idParam("Id of the filter") },
        responses: { 204: { description: "Removed" }, 404: errorResponse("There is no such filter") },
      }),
      async (c) => {
        await filters.remove(c.req.valid("param").id);
        return c.body(null, 204);
      },
    );
}
