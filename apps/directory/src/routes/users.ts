import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  errorResponse,
  htmlContent,
  idempotent,
  jsonBody,
  jsonResponse,
  noQuery,
  type ServiceEnv,
} from "@quintet/http";
import { type PageFrame, page, prefersHtml } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { userPage } from "../pages/user.ts";
import { type UserView, viewOf } from "../search/user-list.ts";
import { changeUser, createUser, getUser, removeUser } from "../users/users.ts";
import { userEtag } from "../users/versions.ts";
import { sendJson, sendPage, viewerOf } from "./responses.ts";
import { newUserSchema, userChangeSchema, userParam, userSchema, userWithEmailSchema } from "./user-schemas.ts";

const ifMatch = (description: string) => z.object({ "if-match": z.string().optional().describe(description) });

/** Adds the routes for one user. */
export function addUserRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);

  return app
    .openapi(
      createRoute({
        ...guard.staff("directory:write", idempotent(deps.idempotency)),
        method: "post",
        path: "/users",
        tags: ["directory"],
        summary: "Create a user",
        description: "Staff only. `Location` and `ETag` of the new user are in the headers.",
        request: { ...noQuery, ...jsonBody(newUserSchema) },
        responses: {
          201: jsonResponse(userWithEmailSchema, "User created"),
          409: errorResponse("The email belongs to another user, or a request with this Idempotency-Key is in flight"),
        },
      }),
      async (c) => {
        const user = await createUser(deps, c.req.valid("json"), c.var.keyed);
        c.header("Location", `/directory/users/${user.id}`);
        c.header("ETag", userEtag(user, "account"));
        c.header("Cache-Control", "private, max-age=0, must-revalidate");
        const { version: _, ...shown } = user;
        return c.json(shown, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.anyone("directory:read"),
        method: "get",
        path: "/users/{id}",
        tags: ["directory"],
        summary: "Get a user",
        description: "Signed-in accounts also get `email`. `Accept: text/html` gets a page.",
        request: { params: userParam, ...noQuery },
        responses: {
          200: {
            description: "The user",
            content: {
              ...jsonResponse(userSchema, "").content,
              ...htmlContent,
            },
          },
          304: { description: "Not modified: the client has this version (If-None-Match)" },
        },
      }),
      async (c) => {
        const viewer = viewerOf(c);
        const { id } = c.req.valid("param");
        const { response, state } = await deps.cache.read(JSON.stringify(["user", viewer, id]), async () => {
          const user = await getUser(deps, id);
          const response = { etag: userEtag(user, viewer), body: JSON.stringify(viewOf(viewer, user)) };
          return { response, scope: { shows: [id], inFull: true } };
        });
        if (!prefersHtml(c.req.header("accept"), false)) return sendJson(c, viewer, response, state);
        const user = JSON.parse(response.body) as UserView;
        const title = `${user.firstName} ${user.lastName}`;
        return sendPage(
          c,
          viewer,
          page(c, frame, { title, body: userPage(user, c.var.account?.isStaff === true) }),
          state,
        );
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("directory:write"),
        method: "patch",
        path: "/users/{id}",
        tags: ["directory"],
        summary: "Update a user",
        description:
          "Staff only. Changes the given fields. `If-Match` is required (428) and must be the ETag of the current version, or `*` (412). " +
          "A request that changes nothing keeps the version.",
        request: {
          params: userParam,
          ...noQuery,
          headers: ifMatch("ETag of the version that the change is based on, or `*` for any version; required"),
          ...jsonBody(userChangeSchema),
        },
        responses: {
          200: jsonResponse(userWithEmailSchema, "User updated; its new ETag is in the headers"),
          409: errorResponse("The email belongs to another user"),
          412: errorResponse("The user has changed: If-Match names another version"),
          428: errorResponse("If-Match is missing"),
        },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        const user = await changeUser(deps, id, c.req.valid("json"), c.req.header("if-match"));
        c.header("ETag", userEtag(user, "account"));
        c.header("Cache-Control", "private, max-age=0, must-revalidate");
        const { version: _, ...shown } = user;
        return c.json(shown, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("directory:write"),
        method: "delete",
        path: "/users/{id}",
        tags: ["directory"],
        summary: "Delete a user",
        description: "Staff only. With `If-Match`, deletes that version only (412).",
        request: {
          params: userParam,
          ...noQuery,
          headers: ifMatch("ETag of the version to delete; any version by default"),
        },
        responses: {
          204: { description: "User deleted" },
          412: errorResponse("The user has changed: If-Match names another version"),
        },
      }),
      async (c) => {
        await removeUser(deps, c.req.valid("param").id, c.req.header("if-match"));
        return c.body(null, 204);
      },
    );
}
