import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  errorResponse,
  idempotent,
  jsonBody,
  jsonResponse,
  limitParam,
  noQuery,
  Problem,
  type ServiceEnv,
  wholeNumber,
} from "@quintet/http";
import type { MiddlewareHandler } from "hono";
import type { Deps } from "../deps.ts";
import { createPostList } from "../posts/post-list.ts";
import { createPosts } from "../posts/posts.ts";
import {
  postInput,
  postListSchema,
  postParams,
  postSchema,
  postWithVotesSchema,
  searchSchema,
  toPostResponse,
  toPostWithVotes,
} from "./schemas.ts";

const tags = ["social"];
const unknown = errorResponse("The post does not exist, or is a draft of another user");
const notOwner = errorResponse("The post belongs to another user");

const listQuery = z.strictObject({
  limit: limitParam(10).describe("Max number of posts on the page, 1 to 100; 10 by default"),
  skip: wholeNumber(0, 100_000)
    .optional()
    .transform((skip) => skip ?? 0)
    .openapi({
      description:
        "Number of posts to skip, 0 to 100,000; 0 by default. For further pages follow the Link header, which costs the same on every page",
    }),
  search: searchSchema.default("").openapi({
    description: "Text that the title must contain, without regard to case and accents; all posts by default",
  }),
  cursor: z
    .string()
    .max(500)
    .optional()
    .openapi({ description: "Cursor from the Link header of the previous page; cannot be combined with skip" }),
});

/** Adds the routes that list, create, get, replace and delete posts. */
export function addPostRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const { db, searches } = deps.database;
  const posts = createPosts(db, deps.profiles);
  const listPosts = createPostList(searches, deps.cursorKey);
  const guard = guards(deps.auth);

  /** Checks the owner before the body is validated: 403 comes before 422. */
  const mayChange: MiddlewareHandler<ServiceEnv> = async (c, next) => {
    const id = postParams.safeParse(c.req.param());
    if (id.success && c.var.account) await posts.requireOwner(id.data.id, c.var.account.id);
    return next();
  };

  return app
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/posts",
        tags,
        summary: "List posts",
        description:
          "Lists published posts and the caller's own drafts, newest first. The `Link` header of a response leads to the next page; with it " +
          "pages stay stable while new posts arrive.",
        request: { query: listQuery },
        responses: {
          200: {
            ...jsonResponse(postListSchema, "One page of posts"),
            headers: z.object({
              Link: z.string().optional().openapi({
                description:
                  'The next page, rel="next" (RFC 8288); absent on the last page. A page of a search may have fewer than `limit` posts and still have a next page',
              }),
            }),
          },
        },
      }),
      async (c) => {
        const query = c.req.valid("query");
        if (query.cursor !== undefined && query.skip > 0) {
          const message = "cannot be combined with cursor";
          throw new Problem("bad-request", `skip: ${message}`, { errors: [{ path: "skip", message }] });
        }
        const page = await listPosts(c.var.account.id, query);
        if (page.nextCursor !== undefined) {
          const next = new URLSearchParams({ limit: String(query.limit) });
          if (query.search !== "") next.set("search", query.search);
          next.set("cursor", page.nextCursor);
          c.header("Link", `</social/posts?${next}>; rel="next"`);
        }
        return c.json(page.posts.map(toPostWithVotes), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:write", idempotent(deps.idempotency)),
        method: "post",
        path: "/posts",
        tags,
        summary: "Create a post",
        description:
          "Creates a post, or a draft with `published: false`. The profile of the caller is created when it does not exist.",
        request: { ...noQuery, ...jsonBody(postInput) },
        responses: { 201: jsonResponse(postSchema, "Post created") },
      }),
      async (c) => {
        const written = await posts.create(c.var.account, c.req.valid("json"), c.var.keyed);
        c.header("Location", `/social/posts/${written.post.id}`);
        return c.json(toPostResponse(written), 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/posts/{id}",
        tags,
        summary: "Get a post",
        description: "Gets a post with its number of votes. Another user's draft is a 404.",
        request: { ...noQuery, params: postParams },
        responses: { 200: jsonResponse(postWithVotesSchema, "The post"), 404: unknown },
      }),
      async (c) => {
        const found = await posts.get(c.req.valid("param").id, c.var.account.id);
        return c.json(toPostWithVotes(found), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:write", mayChange),
        method: "put",
        path: "/posts/{id}",
        tags,
        summary: "Replace a post",
        description:
          "Replaces the text of the caller's own post. A field that is left out is reset to its default: a draft needs `published: false` again.",
        request: { ...noQuery, params: postParams, ...jsonBody(postInput) },
        responses: { 200: jsonResponse(postSchema, "Post replaced"), 403: notOwner, 404: unknown },
      }),
      async (c) => {
        const changed = await posts.replace(c.req.valid("param").id, c.var.account, c.req.valid("json"));
        return c.json(toPostResponse(changed), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:write", mayChange),
        method: "delete",
        path: "/posts/{id}",
        tags,
        summary: "Delete a post",
        description: "Deletes the caller's own post with its votes.",
        request: { ...noQuery, params: postParams },
        responses: { 204: { description: "Post deleted" }, 403: notOwner, 404: unknown },
      }),
      async (c) => {
        await posts.delete(c.req.valid("param").id, c.var.account.id);
        return c.body(null, 204);
      },
    );
}
