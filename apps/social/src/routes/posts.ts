import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  cursorParam,
  decodeCursor,
  encodeCursor,
  errorResponse,
  etagOf,
  idempotent,
  ifNoneMatch,
  jsonBody,
  jsonResponse,
  limitParam,
  noQuery,
  Problem,
  type ServiceEnv,
  wholeNumber,
} from "@quintet/http";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import type { PostView } from "../posts/load-posts.ts";
import { createPostList } from "../posts/post-list.ts";
import { createPosts } from "../posts/posts.ts";
import { ownerFirst } from "./owner-first.ts";
import {
  postChanges,
  postHistorySchema,
  postInput,
  postListSchema,
  postParams,
  postReplacement,
  postSchema,
  postWithVotesSchema,
  type Reader,
  searchSchema,
  toPostEdit,
  toPostResponse,
  toPostWithVotes,
} from "./schemas.ts";

const tags = ["social"];
const unknown = errorResponse("The post does not exist, or is a draft of another user");
const notOwner = errorResponse("The post belongs to another user");
const otherVersion = errorResponse("The post has changed: If-Match names another version");
const ifMatch = (description: string) => z.object({ "if-match": z.string().optional().openapi({ description }) });

const historyQuery = z.strictObject({
  limit: wholeNumber(1, 20)
    .optional()
    .transform((limit) => limit ?? 10)
    .openapi({ description: "Max number of texts on the page, 1 to 20; 10 by default" }),
  cursor: cursorParam,
});
/** A cursor's content: the id of the post and the version of the last text. */
const historyPosition = z.tuple([z.literal("history"), z.number(), z.number()]);

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

/** Sets the entity tag of a post as the caller sees it now. Its start, up to the version, is what If-Match is compared with. */
function setTag(c: Context, view: PostView, reader: Reader): string {
  const { id, version } = view.post;
  const etag = `"${id}.${version}-${etagOf(JSON.stringify(toPostWithVotes(view, reader))).slice(1)}`;
  c.header("ETag", etag);
  c.header("Cache-Control", "private, max-age=0, must-revalidate");
  c.header("Vary", "Authorization, Cookie", { append: true });
  return etag;
}

/** Adds the routes that list, create, get, change and delete posts. */
export function addPostRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const { db, searches } = deps.database;
  const posts = createPosts(db, deps.profiles, deps.admitWrite);
  const listPosts = createPostList(searches, deps.cursorKey);
  const guard = guards(deps.auth);
  const { readerOf } = deps;

  const mayChange = ownerFirst(postParams, posts.requireOwner);

  return app
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/posts",
        tags,
        summary: "List posts",
        description:
          "Lists published posts and the caller's own drafts, newest first: by the time of their first publication, drafts by that of their " +
          "creation. A content of more than 500 characters is cut there, with `truncated`. The `Link` header of a response leads to the next " +
          "page; with it pages stay stable while new posts arrive.",
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
        return c.json(
          page.posts.map((post) => toPostWithVotes(post, readerOf(c.var.account))),
          200,
        );
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
          "Creates a post, or a draft with `published: false`. Words after `#` in title and content are its tags. The profile of the caller is " +
          "created when it does not exist.",
        request: { ...noQuery, ...jsonBody(postInput) },
        responses: {
          201: jsonResponse(postSchema, "Post created"),
          403: errorResponse("The account is suspended"),
          429: errorResponse("The account has written too many posts in this hour"),
        },
      }),
      async (c) => {
        const written = await posts.create(c.var.account, c.req.valid("json"), c.var.keyed);
        c.header("Location", `/social/posts/${written.post.id}`);
        setTag(c, written, readerOf(c.var.account));
        return c.json(toPostResponse(written, readerOf(c.var.account)), 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/posts/{id}",
        tags,
        summary: "Get a post",
        description:
          "Gets a post with its number of votes, and its `ETag` for `If-None-Match` and `If-Match`. Another user's draft is a 404.",
        request: { ...noQuery, params: postParams },
        responses: {
          200: jsonResponse(postWithVotesSchema, "The post"),
          304: { description: "Not modified: the client has what the caller sees now (If-None-Match)" },
          404: unknown,
        },
      }),
      async (c) => {
        const found = await posts.get(c.req.valid("param").id, c.var.account.id);
        const etag = setTag(c, found, readerOf(c.var.account));
        if (ifNoneMatch(c.req.header("if-none-match"), etag)) return c.body(null, 304);
        return c.json(toPostWithVotes(found, readerOf(c.var.account)), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/posts/{id}/history",
        tags,
        summary: "Get the earlier texts of a post",
        description:
          "Lists the texts that a post had since it was first published and that were replaced, latest first. What was changed before the " +
          "first publication is not recorded.",
        request: { params: postParams, query: historyQuery },
        responses: { 200: jsonResponse(postHistorySchema, "One page of the history"), 404: unknown },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        const { limit, cursor } = c.req.valid("query");
        const [, of, before] = decodeCursor(deps.cursorKey, cursor, historyPosition) ?? [];
        const page = { before: of === id ? before : undefined, limit: limit + 1 };
        const found = await posts.edits(id, c.var.account.id, page);
        const history = found.slice(0, limit).map(toPostEdit);
        const last = found.length > limit ? history.at(-1) : undefined;
        const nextCursor = last ? encodeCursor(deps.cursorKey, ["history", id, last.version]) : null;
        return c.json({ history, nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:write", mayChange),
        method: "patch",
        path: "/posts/{id}",
        tags,
        summary: "Change a post",
        description:
          "Changes the given fields of the caller's own post. `If-Match` is required (428) and must be the ETag of the current version, or " +
          "`*` (412). Votes and comments are no change of the version. A request that changes nothing keeps the version. A draft that is " +
          "published is the newest post then; a post that was published before keeps its place.",
        request: {
          ...noQuery,
          params: postParams,
          headers: ifMatch("ETag of the version that the change is based on, or `*` for any version; required"),
          ...jsonBody(postChanges),
        },
        responses: {
          200: jsonResponse(postSchema, "Post changed; its new ETag is in the headers"),
          403: notOwner,
          404: unknown,
          412: otherVersion,
          428: errorResponse("If-Match is missing"),
        },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        const header = c.req.header("if-match");
        await posts.requireIfMatch(id, c.var.account.id, header);
        const changed = await posts.change(id, c.var.account, c.req.valid("json"), header);
        setTag(c, changed, readerOf(c.var.account));
        return c.json(toPostResponse(changed, readerOf(c.var.account)), 200);
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
          "Replaces the text of the caller's own post. A field that is left out is reset to its default: a draft needs `published: false` again. " +
          "With `If-Match`, replaces that version only (412).",
        request: {
          ...noQuery,
          params: postParams,
          headers: ifMatch("ETag of the version to replace; any version by default"),
          ...jsonBody(postReplacement),
        },
        responses: {
          200: jsonResponse(postSchema, "Post replaced; its new ETag is in the headers"),
          403: notOwner,
          404: unknown,
          412: otherVersion,
        },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        const { id: sentId, ...text } = c.req.valid("json");
        if (sentId !== undefined && sentId !== id) {
          const message = "must be the id in the path";
          throw new Problem("unprocessable", `id: ${message}`, { errors: [{ path: "id", message }] });
        }
        const changed = await posts.change(id, c.var.account, text, c.req.header("if-match"));
        setTag(c, changed, readerOf(c.var.account));
        return c.json(toPostResponse(changed, readerOf(c.var.account)), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:write", mayChange),
        method: "delete",
        path: "/posts/{id}",
        tags,
        summary: "Delete a post",
        description:
          "Deletes the caller's own post with its votes and comments. With `If-Match`, deletes that version only (412).",
        request: {
          ...noQuery,
          params: postParams,
          headers: ifMatch("ETag of the version to delete; any version by default"),
        },
        responses: { 204: { description: "Post deleted" }, 403: notOwner, 404: unknown, 412: otherVersion },
      }),
      async (c) => {
        await posts.delete(c.req.valid("param").id, c.var.account.id, c.req.header("if-match"));
        return c.body(null, 204);
      },
    );
}
