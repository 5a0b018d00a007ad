import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { errorResponse, idempotent, jsonBody, jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { createVote } from "../votes/votes.ts";
import { voteInput, voteResultSchema } from "./schemas.ts";

/** Adds `POST /social/vote`. */
export function addVoteRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const vote = createVote(deps.database.db, deps.profiles);

  return app.openapi(
    createRoute({
      ...guards(deps.auth).account("social:write", idempotent(deps.idempotency)),
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
      const { postId, dir } = c.req.valid("json");
      const votes = await vote(c.var.account, postId, dir, c.var.keyed);
      return c.json({ message: dir === 1 ? "Vote added" : "Vote taken back", votes }, 201);
    },
  );
}
