import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { idempotent, jsonAnswer, jsonBody, pageContent, refusal, type ServiceEnv, wholeNumber } from "@quintet/http";
import { type PageSection, page, prefersHtml, visitorOf } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { userPage } from "../pages/user.ts";
import { type UserView, viewOf } from "../search/user-list.ts";
import { newUser, userChange } from "../users/user-input.ts";
import { changeUser, createUser, getUser, removeUser } from "../users/users.ts";
import { userEtag } from "../users/versions.ts";
import { sendJson, sendPage, viewerOf } from "./responses.ts";

const params = z.strictObject({ id: wholeNumber(1, Number.MAX_SAFE_INTEGER) });
const query = z.strictObject({});
const wholeUser = z
  .object({ id: z.number().int(), firstName: z.string(), lastName: z.string(), email: z.string(), bio: z.string() })
  .openapi("DirectoryUserWithEmail");
const ifMatch = z.object({ "if-match": z.string().optional() });

/** The calls for one user. */
export function addUserRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, section: PageSection) {
  const guard = guards(deps.auth);

  return app
    .openapi(
      createRoute({
        ...guard.staff("directory:write", idempotent(deps.idempotency)),
        method: "post",
        path: "/users",
        tags: ["directory"],
        summary: "Add a user (staff)",
        request: { query, ...jsonBody(newUser) },
        responses: {
          201: jsonAnswer(wholeUser, "Added; its ETag and Location are in the headers"),
          409: refusal("The email belongs to another user, or this Idempotency-Key is in use"),
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
        summary: "One user; a browser gets a page",
        request: { params, query },
        responses: {
          200: {
            description: "The user; the email for accounts only",
            content: {
              ...jsonAnswer(wholeUser.partial({ email: true }), "").content,
              ...pageContent,
            },
          },
          304: { description: "The client has it already (If-None-Match)" },
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
        return sendPage(c, viewer, page(section, { title, visitor: visitorOf(c), body: userPage(user) }), state);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("directory:write"),
        method: "patch",
        path: "/users/{id}",
        tags: ["directory"],
        summary: "Change a user (staff)",
        description:
          "`If-Match` with the ETag that the change is based on, or `*`, is needed (428); another version is a 412. What changes nothing leaves the version as it is.",
        request: { params, query, headers: ifMatch, ...jsonBody(userChange) },
        responses: {
          200: jsonAnswer(wholeUser, "Changed; its new ETag is in the headers"),
          409: refusal("The email belongs to another user"),
          412: refusal("The user has another version than If-Match says"),
          428: refusal("If-Match is missing"),
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
        summary: "Remove a user (staff)",
        description: "With `If-Match`, only that version is removed (412).",
        request: { params, query, headers: ifMatch },
        responses: {
          204: { description: "Removed" },
          412: refusal("The user has another version than If-Match says"),
        },
      }),
      async (c) => {
        await removeUser(deps, c.req.valid("param").id, c.req.header("if-match"));
        return c.body(null, 204);
      },
    );
}
