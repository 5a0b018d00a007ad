import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { errorResponse, idempotent, jsonBody, jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { createVote } from "../votes/votes.ts";
import { voteInput, voteResultSchema } from "./schemas.ts";

/** Voting for a post, and taking the vote back. */
export function addVoteRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const vote = createVote(deps.database.db, deps.profiles);

  return app.openapi(
    createRoute({
      ...guards(deps.auth).account("social:write", idempotent(deps.idempotency)),
      method: "post",
      path: "/vote",
      tags: ["social"],
      summary: "Vote for a post (dir 1) or take the vote back (dir 0)",
      request: { ...noQuery, ...jsonBody(voteInput) },
      responses: {
        201: jsonResponse(voteResultSchema, "Done"),
        404: errorResponse("There is no such post, or no vote to take back"),
        409: errorResponse("The account has voted for it already"),
      },
    }),
    async (c) => {
      const { postId, dir } = c.req.valid("json");
      const votes = await vote(c.var.account, postId, dir, c.var.keyed);
      return c.json({ message: dir === 1 ? "Vote added" : "Vote taken back", votes }, 201);
    },
  );
}
