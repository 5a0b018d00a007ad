import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { jsonResponse, limitParam, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { createSearch, type SearchResults } from "../search/search.ts";
import { maxTagPosts } from "../search/search-queries.ts";
import { personSchema, toPerson } from "./person-schemas.ts";
import { postWithVotesSchema, type Reader, searchSchema, toPostWithVotes } from "./schemas.ts";

const searchQuery = z.strictObject({
  q: searchSchema.min(1, "must not be empty").openapi({ description: "The words to search for", example: "coffee" }),
  in: z.enum(["posts", "people", "tags"]).default("posts").describe("What to search; `posts` by default"),
  limit: limitParam(10).describe("Max number of results on the page, 1 to 100; 10 by default"),
  cursor: z
    .string()
    .max(4000)
    .optional()
    .describe("`nextCursor` of an earlier response to the same search; the first page by default"),
});

const parts = z
  .array(
    z
      .object({
        text: z.string().describe("A piece of the text, as it was written: it is not HTML"),
        match: z.boolean().describe("Whether it is a word that was searched for"),
      })
      .openapi("HighlightPart", { description: "A piece of a text" }),
  )
  .openapi("Highlight", { description: "A text in pieces" });

const hitSchema = postWithVotesSchema
  .extend({
    highlight: z
      .object({
        title: parts.describe("The title"),
        content: parts.describe("A fragment of the content around the first match within its first 3,000 characters"),
      })
      .describe("Where the words were found"),
  })
  .openapi("PostHit", { description: "A post that a search found" });

const resultsSchema = z
  .object({
    posts: z.array(hitSchema).describe("Posts, the best match first; empty in other searches"),
    people: z.array(personSchema).describe("Users; empty in other searches"),
    tags: z
      .array(
        z
          .object({
            tag: z.string().describe("The tag, without `#`"),
            posts: z.number().int().describe(`Number of its latest ${maxTagPosts} posts that the caller may see`),
          })
          .openapi("TagCount", { description: "A tag and how many posts have it" }),
      )
      .describe("Tags in order; empty in other searches"),
    nextCursor: z.string().nullable().describe("`cursor` of the next page; null on the last page"),
  })
  .openapi("SearchResults", { description: "One page of the results of a search" });

function toResults({ posts, people, tags, nextCursor }: SearchResults, reader: Reader): z.infer<typeof resultsSchema> {
  return {
    posts: posts.map(({ view, highlight }) => ({ ...toPostWithVotes(view, reader), highlight })),
    people: people.map(toPerson),
    tags,
    nextCursor,
  };
}

/** Adds `GET /social/search`. */
export function addSearchRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const search = createSearch(deps.database.searches, deps.cursorKey);
  return app.openapi(
    createRoute({
      ...guards(deps.auth).account("social:read"),
      method: "get",
      path: "/search",
      tags: ["social"],
      summary: "Search posts, people or tags",
      description:
        "Posts that have all words in title or content, the best match first. Words are found in their other forms too, in the " +
        "language of the post, and without regard to case and accents. For words that many posts have, the newest are searched. People by the " +
        "beginnings of the words of handle and name; tags by their beginning.",
      request: { query: searchQuery },
      responses: { 200: jsonResponse(resultsSchema, "One page of results") },
    }),
    async (c) => {
      const { in: kind, ...request } = c.req.valid("query");
      const results = await search[kind](c.var.account.id, request);
      return c.json(toResults(results, deps.readerOf(c.var.account)), 200);
    },
  );
}
