import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { errorResponse, jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import { createBookmarks } from "../bookmarks/bookmarks.ts";
import type { Deps } from "../deps.ts";
import { bookmarkedSchema, bookmarksQuery, postParams, toPostWithVotes } from "./schemas.ts";

const tags = ["social"];
const unknown = errorResponse("The post does not exist, or is a draft of another user");

/** Adds the routes of the posts that an account keeps for itself. */
export function addBookmarkRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const bookmarks = createBookmarks(deps.database.db, deps.profiles, deps.cursorKey);
  const guard = guards(deps.auth);

  return app
    .openapi(
      createRoute({
        ...guard.account("social:write"),
        method: "put",
        path: "/posts/{id}/bookmark",
        tags,
        summary: "Bookmark a post",
        description:
          "Keeps a post in the caller's bookmarks, which nobody else sees. A bookmark that is there keeps its place.",
        request: { ...noQuery, params: postParams },
        responses: { 204: { description: "The post is bookmarked" }, 404: unknown },
      }),
      async (c) => {
        await bookmarks.add(c.var.account, c.req.valid("param").id);
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:write"),
        method: "delete",
        path: "/posts/{id}/bookmark",
        tags,
        summary: "Remove a bookmark",
        description: "Removes a post from the caller's bookmarks. Removing it again changes nothing.",
        request: { ...noQuery, params: postParams },
        responses: { 204: { description: "The post is not bookmarked" }, 404: unknown },
      }),
      async (c) => {
        await bookmarks.remove(c.var.account.id, c.req.valid("param").id);
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/bookmarks",
        tags,
        summary: "List bookmarks",
        description:
          "Lists the posts that the caller has bookmarked, latest first. A post that the caller may not see is left out.",
        request: { query: bookmarksQuery },
        responses: { 200: jsonResponse(bookmarkedSchema, "One page of bookmarked posts") },
      }),
      async (c) => {
        const { posts, nextCursor } = await bookmarks.list(c.var.account.id, c.req.valid("query"));
        return c.json(
          { posts: posts.map((post) => toPostWithVotes(post, deps.readerOf(c.var.account))), nextCursor },
          200,
        );
      },
    );
}
