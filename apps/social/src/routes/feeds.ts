import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { errorResponse, jsonResponse, limitParam, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import type { FeedPage } from "../feeds/feed-page.ts";
import { createFeeds } from "../feeds/feeds.ts";
import { personIds } from "../users/person-ref.ts";
import { personParams } from "./person-schemas.ts";
import { postWithVotesSchema, type Reader, toPostWithVotes } from "./schemas.ts";

const tags = ["social"];
const pageParams = {
  limit: limitParam(10).describe("Max number of posts on the page, 1 to 100; 10 by default"),
  cursor: z
    .string()
    .max(4000)
    .optional()
    .describe("`nextCursor` or `prevCursor` of an earlier response of the same feed; the first page by default"),
};
const pageQuery = z.strictObject(pageParams);
const rankedQuery = z
  .strictObject({
    sort: z
      .enum(["latest", "hot", "top"])
      .default("latest")
      .describe("`latest` (the default), `hot` (votes against age) or `top` (most votes in the window)"),
    window: z
      .enum(["day", "week", "month"])
      .optional()
      .describe("With `sort=top`: the last 1 (the default), 7 or 30 days, and up to six hours more"),
    ...pageParams,
  })
  .refine(({ sort, window }) => sort === "top" || window === undefined, {
    path: ["window"],
    message: "requires sort=top",
  });
const tagParams = z.strictObject({
  tag: z
    .string()
    .max(200)
    .refine((tag) => tag.isWellFormed() && !tag.includes("\0"), "must be well-formed text without NUL")
    .openapi({ description: "The tag, without `#`; case does not matter", example: "coffee" }),
});
const pages =
  "Pages are stable while posts arrive. A page may have fewer than `limit` posts and still have a next one: the end is where `nextCursor` is null.";

const feedSchema = z
  .object({
    posts: z.array(postWithVotesSchema).describe("The posts of the page"),
    nextCursor: z.string().nullable().describe("`cursor` of the next page; null at the end of the feed"),
    prevCursor: z
      .string()
      .nullable()
      .describe("`cursor` of what is newer than this page, next to it; null on the first page of a ranked feed"),
  })
  .openapi("Feed", { description: "One page of a feed" });

function toFeed({ posts, nextCursor, prevCursor }: FeedPage, reader: Reader): z.infer<typeof feedSchema> {
  return { posts: posts.map((post) => toPostWithVotes(post, reader)), nextCursor, prevCursor };
}

/** Adds the routes of the feeds: lists of published posts. */
export function addFeedRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const feeds = createFeeds(deps.database.searches, deps.cursorKey);
  const guard = guards(deps.auth);
  const { readerOf } = deps;
  const idOf = personIds(deps.database.db);
  const feedResponse = jsonResponse(feedSchema, "One page of the feed");

  return app
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/home",
        tags,
        summary: "Get the home feed",
        description: `The posts of the users whom the caller follows, and the caller's own, newest first. ${pages}`,
        request: { query: pageQuery },
        responses: { 200: feedResponse },
      }),
      async (c) =>
        c.json(toFeed(await feeds.home(c.var.account.id, c.req.valid("query")), readerOf(c.var.account)), 200),
    )
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/feed",
        tags,
        summary: "Get a feed of all posts",
        description:
          `All posts: the latest first, the 500 that are hot, or the 500 with the most votes of a window. ${pages} The pages of a ` +
          "ranked feed are of one list, made when the first was requested or up to a minute before: votes meanwhile move no post, and its " +
          "cursors expire after an hour.",
        request: { query: rankedQuery },
        responses: { 200: feedResponse },
      }),
      async (c) => {
        const { sort, window, ...page } = c.req.valid("query");
        const viewer = c.var.account.id;
        const ranking = sort === "top" ? (window ?? "day") : sort;
        const read = ranking === "latest" ? feeds.latest(viewer, page) : feeds.ranked(ranking, viewer, page);
        return c.json(toFeed(await read, readerOf(c.var.account)), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/tags/{tag}",
        tags,
        summary: "List the posts with a tag",
        description: `The published posts with a tag, newest first. ${pages}`,
        request: { params: tagParams, query: pageQuery },
        responses: { 200: feedResponse },
      }),
      async (c) => {
        const page = await feeds.ofTag(c.req.valid("param").tag, c.var.account.id, c.req.valid("query"));
        return c.json(toFeed(page, readerOf(c.var.account)), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/users/{id}/posts",
        tags,
        summary: "List the posts of a user",
        description: `The published posts of a user, newest first. ${pages}`,
        request: { params: personParams, query: pageQuery },
        responses: { 200: feedResponse, 404: errorResponse("There is no such user") },
      }),
      async (c) => {
        const page = await feeds.ofPerson(await idOf(c.req.valid("param").id), c.var.account.id, c.req.valid("query"));
        return c.json(toFeed(page, readerOf(c.var.account)), 200);
      },
    );
}
