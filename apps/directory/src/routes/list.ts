import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { jsonAnswer, limitParam, noQuery, pageContent, type ServiceEnv, wholeNumber } from "@quintet/http";
import { type PageSection, page, prefersHtml, visitorOf } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { landingPage } from "../pages/landing.ts";
import { resultsPage, standardLimit } from "../pages/results.ts";
import { home } from "../pages/section.ts";
import { suggestNames } from "../search/suggestions.ts";
import { type ListRequest, listUsers, type UserList } from "../search/user-list.ts";
import { nameParam } from "../users/user-input.ts";
import { type ResponseContext, sendJson, sendPage, type ViewerContext, viewerOf } from "./responses.ts";

const pageNumber = wholeNumber(1, 10_000_000).optional();
const shownUser = z
  .object({
    id: z.number().int(),
    firstName: z.string(),
    lastName: z.string(),
    email: z.string().optional(),
    bio: z.string(),
  })
  .openapi("DirectoryUser");
const userList = z
  .object({
    users: z.array(shownUser),
    total: z.number().int(),
    totalIsExact: z.boolean(),
    nextCursor: z.string().nullable(),
    prevCursor: z.string().nullable(),
  })
  .openapi("DirectoryUsers");
const unchanged = { description: "The client has it already (If-None-Match)" };

const listQuery = z
  .strictObject({
    name: nameParam,
    limit: limitParam(standardLimit),
    cursor: z.string().max(2000).optional(),
    page: pageNumber,
  })
  .refine((query) => query.cursor === undefined || query.page === undefined, {
    path: ["page"],
    message: "cannot go with cursor",
  });

/** The calls that find users: the list, the search page, suggestions, and the landing page. */
export function addListRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, section: PageSection) {
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
      current: `${home}/search`,
      visitor: visitorOf(c),
      scripts: ["live-results.js" as const],
    };
    return sendPage(c, viewer, page(section, { ...content, body: resultsPage(shown) }), state);
  }

  return app
    .openapi(
      createRoute({
        ...guard.anyone("directory:read"),
        method: "get",
        path: "/",
        tags: ["directory"],
        summary: "The landing page; as JSON, how many users there are",
        request: noQuery,
        responses: {
          200: {
            description: "The page, or the number of users",
            content: { ...pageContent, ...jsonAnswer(z.object({ users: z.number().int() }), "").content },
          },
          304: unchanged,
        },
      }),
      async (c) => {
        const viewer = viewerOf(c);
        const { response, state } = await listUsers(deps, { name: "", limit: standardLimit }, "public");
        const { total } = JSON.parse(response.body) as UserList;
        if (prefersHtml(c.req.header("accept"), true)) {
          return sendPage(
            c,
            viewer,
            page(section, { title: "Directory", current: home, visitor: visitorOf(c), body: landingPage(total) }),
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
        summary: "Users by any part of a name, by last name, first name and id",
        description:
          "Each word of `name`, 8 at most, is part of the first or the last name; case and accents do not count. `cursor` and " +
          "`page` exclude each other; a `page` very deep in a search for many common words is a 400. `total` is exact up to " +
          "10,000, otherwise within a tenth if `totalIsExact` is false. Emails are for accounts only. A browser gets a page.",
        request: { query: listQuery },
        responses: {
          200: { description: "A page of users", content: { ...jsonAnswer(userList, "").content, ...pageContent } },
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
        summary: "The search page: a table of users in numbered pages",
        request: { query: z.strictObject({ name: nameParam, page_num: pageNumber }) },
        responses: {
          200: { description: "The page", content: { ...pageContent, ...jsonAnswer(userList, "").content } },
          304: unchanged,
        },
      }),
      (c) => {
        const { name, page_num } = c.req.valid("query");
        const asPage = prefersHtml(c.req.header("accept"), true);
        return sendList(c, { name, limit: standardLimit, page: page_num }, asPage);
      },
    )
    .openapi(
      createRoute({
        ...guard.anyone("directory:read"),
        method: "get",
        path: "/suggest",
        tags: ["directory"],
        summary: "Up to 10 names for what has been typed",
        request: { query: z.strictObject({ name: nameParam }) },
        responses: {
          200: jsonAnswer(z.object({ names: z.array(z.string()) }).openapi("Suggestions"), "The names"),
          304: unchanged,
        },
      }),
      async (c) => {
        const { response, state } = await suggestNames(deps, c.req.valid("query").name);
        return sendJson(c, viewerOf(c), response, state);
      },
    );
}
