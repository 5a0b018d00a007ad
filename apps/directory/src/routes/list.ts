import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { htmlContent, jsonResponse, limitParam, noQuery, type ServiceEnv, wholeNumber } from "@quintet/http";
import { type PageFrame, page, prefersHtml } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { landingPage } from "../pages/landing.ts";
import { defaultLimit, resultsPage } from "../pages/results.ts";
import { suggestNames } from "../search/suggestions.ts";
import { type ListRequest, listUsers, type UserList } from "../search/user-list.ts";
import { nameParam } from "../users/user-input.ts";
import { type ResponseContext, sendJson, sendPage, type ViewerContext, viewerOf } from "./responses.ts";
import { userListSchema } from "./user-schemas.ts";

const pageNumber = wholeNumber(1, 10_000_000).optional().describe("Number of the page, from 1 (the default)");
const userCount = z
  .object({ users: z.number().int().describe("How many users the directory has") })
  .openapi("DirectorySize", { description: "The size of the directory" });
const suggestions = z
  .object({ names: z.array(z.string()).describe("Up to 10 names, the most frequent first") })
  .openapi("Suggestions", { description: "Names for the text typed so far" });
const unchanged = { description: "Not modified: the client has this version (If-None-Match)" };

const listQuery = z
  .strictObject({
    name: nameParam,
    limit: limitParam(defaultLimit).describe("Users per page, 1 to 100; 15 by default"),
    cursor: z
      .string()
      .max(2000)
      .optional()
      .describe("`nextCursor` or `prevCursor` of an earlier response to the same search"),
    page: pageNumber,
  })
  .refine((query) => query.cursor === undefined || query.page === undefined, {
    path: ["page"],
    message: "cannot be combined with cursor",
  });

/** Adds the routes that find users: the list, the search page, suggestions and the landing page. */
export function addListRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);

  async function sendList(
    c: ResponseContext & ViewerContext,
    request: ListRequest,
    asPage: boolean,
  ): Promise<Response> {
    const viewer = viewerOf(c);
    const { response, state } = await listUsers(deps, request, viewer);
    if (!asPage) return sendJson(c, viewer, response, state);
    const list = JSON.parse(response.body) as UserList;
    const { name, limit, cursor } = request;
    const shown = { name, limit, page: cursor === undefined ? (request.page ?? 1) : undefined, list };
    const content = {
      title: name.trim() === "" ? "Search" : name,
      scripts: ["live-results.js" as const],
    };
    return sendPage(c, viewer, page(c, frame, { ...content, body: resultsPage(shown) }), state);
  }

  return app
    .openapi(
      createRoute({
        ...guard.anyone("directory:read"),
        method: "get",
        path: "/",
        tags: ["directory"],
        summary: "Get the landing page, or the number of users",
        description: "HTML by default; `Accept: application/json` gets the number of users.",
        request: noQuery,
        responses: {
          200: {
            description: "The landing page, or the number of users",
            content: { ...htmlContent, ...jsonResponse(userCount, "").content },
          },
          304: unchanged,
        },
      }),
      async (c) => {
        const viewer = viewerOf(c);
        const { response, state } = await listUsers(deps, { name: "", limit: defaultLimit }, "public");
        const { total } = JSON.parse(response.body) as UserList;
        if (prefersHtml(c.req.header("accept"), true)) {
          return sendPage(
            c,
            viewer,
            page(c, frame, { title: "Directory", body: landingPage(total, c.var.account?.isStaff === true) }),
            state,
          );
        }
        return sendJson(c, viewer, { etag: `"${total}"`, body: JSON.stringify({ users: total }) }, state);
      },
    )
    .openapi(
      createRoute({
        ...guard.anyone("directory:read"),
        method: "get",
        path: "/users",
        tags: ["directory"],
        summary: "List users, or search them by name",
        description:
          "Finds users whose first or last name contains every word of `name`, without regard to case and accents, ordered by " +
          "last name, first name and id. Use either `cursor` or `page`; a very deep `page` of a search for several common " +
          "words is a 400. Signed-in accounts also get `email`. `Accept: text/html` gets a page.",
        request: { query: listQuery },
        responses: {
          200: {
            description: "A page of users",
            content: { ...jsonResponse(userListSchema, "").content, ...htmlContent },
          },
          304: unchanged,
        },
      }),
      (c) => sendList(c, c.req.valid("query"), prefersHtml(c.req.header("accept"), false)),
    )
    .openapi(
      createRoute({
        ...guard.anyone("directory:read"),
        method: "get",
        path: "/search",
        tags: ["directory"],
        summary: "Get the search page",
        description:
          "A page with a search field and a table of users in numbered pages of 15. `Accept: application/json` gets the same users as JSON.",
        request: { query: z.strictObject({ name: nameParam, page_num: pageNumber }) },
        responses: {
          200: {
            description: "The search page, or the users as JSON",
            content: { ...htmlContent, ...jsonResponse(userListSchema, "").content },
          },
          304: unchanged,
        },
      }),
      (c) => {
        const { name, page_num } = c.req.valid("query");
        const asPage = prefersHtml(c.req.header("accept"), true);
        return sendList(c, { name, limit: defaultLimit, page: page_num }, asPage);
      },
    )
    .openapi(
      createRoute({
        ...guard.anyone("directory:read"),
        method: "get",
        path: "/suggest",
        tags: ["directory"],
        summary: "Suggest names while typing",
        description:
          "For one word: the first and last names that begin with it, then those that contain it, the most frequent first. For " +
          "several words: full names of users found by them.",
        request: { query: z.strictObject({ name: nameParam }) },
        responses: {
          200: jsonResponse(suggestions, "The suggested names"),
          304: unchanged,
        },
      }),
      async (c) => {
        const { response, state } = await suggestNames(deps, c.req.valid("query").name);
        return sendJson(c, viewerOf(c), response, state);
      },
    );
}
