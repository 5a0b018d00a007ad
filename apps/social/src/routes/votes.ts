import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  cursorParam,
  decodeCursor,
  encodeCursor,
  errorResponse,
  idempotent,
  jsonBody,
  jsonResponse,
  limitParam,
  noQuery,
  type ServiceEnv,
} from "@quintet/http";
import type { Deps } from "../deps.ts";
import { createVote, createVoters } from "../votes/votes.ts";
import { authorSchema, toAuthor } from "./author.ts";
import { postParams, voteInput, voteResultSchema } from "./schemas.ts";

const votersQuery = z.strictObject({ limit: limitParam(20), cursor: cursorParam });
/** A cursor's content: the ids of the post and of the last voter who was read. */
const votersPosition = z.tuple([z.literal("voters"), z.number(), z.number()]);

const votersSchema = z
  .object({
    users: z.array(authorSchema).describe("By id; a page may have fewer than `limit` and still have a next one"),
    nextCursor: z.string().nullable().describe("Cursor of the next page; null on the last page"),
  })
  .openapi("Voters", { description: "One page of the users who voted for a post" });

/** Adds `POST /social/vote` and the list of who voted for a post. */
export function addVoteRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const vote = createVote(deps.database.db, deps.profiles);
  const readVoters = createVoters(deps.database.db);
  const guard = guards(deps.auth);

  return app
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/posts/{id}/votes",
        tags: ["social"],
        summary: "List who voted for a post",
        description: "Lists the users who voted for a post, as far as the caller may see them.",
        request: { params: postParams, query: votersQuery },
        responses: {
          200: jsonResponse(votersSchema, "One page of users"),
          404: errorResponse("The post does not exist, or is a draft of another user"),
        },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        const { limit, cursor } = c.req.valid("query");
        const [, of, after = 0] = decodeCursor(deps.cursorKey, cursor, votersPosition) ?? [];
        const page = { postId: id, after: of === id ? after : 0, limit };
        const { voters, last } = await readVoters(c.var.account.id, page);
        const nextCursor = last === undefined ? null : encodeCursor(deps.cursorKey, ["voters", id, last]);
        return c.json({ users: voters.map(toAuthor), nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:write", idempotent(deps.idempotency)),
        method: "post",
        path: "/vote",
        tags: ["social"],
        summary: "Add or remove a vote",
        description:
          "Adds (`dir` 1) or removes (`dir` 0) the caller's vote for a post. An account has one vote for each post.",
        request: { ...noQuery, ...jsonBody(voteInput) },
        responses: {
          201: jsonResponse(voteResultSchema, "Vote added or removed"),
          404: errorResponse("The post does not exist, or there is no vote to remove"),
          409: errorResponse(
            "The account has already voted for the post, or a request with this Idempotency-Key is in flight",
          ),
        },
      }),
      async (c) => {
        const { postId, post_id, dir } = c.req.valid("json");
        const votes = await vote(c.var.account, postId ?? post_id ?? 0, dir, c.var.keyed);
        return c.json({ message: dir === 1 ? "Vote added" : "Vote taken back", votes }, 201);
      },
    );
}
