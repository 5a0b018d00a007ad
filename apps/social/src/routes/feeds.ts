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
        description: `All posts, newest first. ${pages}`,
        request: { query: pageQuery },
        responses: { 200: feedResponse },
      }),
      async (c) =>
        c.json(toFeed(await feeds.latest(c.var.account.id, c.req.valid("query")), readerOf(c.var.account)), 200),
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
