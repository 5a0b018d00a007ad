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
  idParams,
  postInput,
  postSchema,
  postWithVotesSchema,
  searchSchema,
  toPostResponse,
  toPostWithVotes,
} from "./schemas.ts";

const tags = ["social"];
const unknown = errorResponse("There is no such post, or it is somebody else's draft");
const notOwner = errorResponse("It is somebody else's");

const listQuery = z.strictObject({
  limit: limitParam(10),
  skip: wholeNumber(0, 100_000)
    .optional()
    .transform((skip) => skip ?? 0)
    .openapi({ description: "how many to leave out; the Link header leads further and costs the same on every page" }),
  search: searchSchema
    .default("")
    .openapi({ description: "what the title contains, without regard to case and accents" }),
  cursor: z.string().max(500).optional().openapi({ description: "from the Link header; instead of skip" }),
});

/** Posts: the list, and making, reading, replacing and deleting one. */
export function addPostRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const { db, searches } = deps.database;
  const posts = createPosts(db, deps.profiles);
  const listPosts = createPostList(searches, deps.cursorKey);
  const guard = guards(deps.auth);

  /** Who may change a post is asked before the shape of the change. */
  const mayChange: MiddlewareHandler<ServiceEnv> = async (c, next) => {
    const id = idParams.safeParse(c.req.param());
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
        summary: "Posts, newest first",
        request: { query: listQuery },
        responses: {
          200: {
            ...jsonResponse(z.array(postWithVotesSchema), "One page"),
            headers: z.object({
              Link: z.string().optional().openapi({
                description: 'the next page, rel="next" (RFC 8288); a page of a search that has it may be short',
              }),
            }),
          },
        },
      }),
      async (c) => {
        const query = c.req.valid("query");
        if (query.cursor !== undefined && query.skip > 0) {
          const message = "cannot go with cursor";
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
        summary: "Write a post",
        request: { ...noQuery, ...jsonBody(postInput) },
        responses: { 201: jsonResponse(postSchema, "The post") },
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
        summary: "One post",
        request: { ...noQuery, params: idParams },
        responses: { 200: jsonResponse(postWithVotesSchema, "The post and its votes"), 404: unknown },
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
        summary: "Replace the whole of one's post; what is left out gets its default",
        request: { ...noQuery, params: idParams, ...jsonBody(postInput) },
        responses: { 200: jsonResponse(postSchema, "The post"), 403: notOwner, 404: unknown },
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
        summary: "Delete one's post with its votes",
        request: { ...noQuery, params: idParams },
        responses: { 204: { description: "It is gone" }, 403: notOwner, 404: unknown },
      }),
      async (c) => {
        await posts.delete(c.req.valid("param").id, c.var.account.id);
        return c.body(null, 204);
      },
    );
}
