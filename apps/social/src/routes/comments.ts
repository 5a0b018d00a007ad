import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { errorResponse, idempotent, jsonBody, jsonResponse, noQuery, type ServiceEnv } from "@quintet/http";
import { createCommentTree } from "../comments/comment-tree.ts";
import { createComments } from "../comments/comments.ts";
import type { Deps } from "../deps.ts";
import {
  commentChanges,
  commentInput,
  commentParams,
  commentSchema,
  commentsQuery,
  commentTreeSchema,
  toCommentResponse,
  toCommentTree,
} from "./comment-schemas.ts";
import { ownerFirst } from "./owner-first.ts";
import { postParams } from "./schemas.ts";

const tags = ["social"];
const unknownPost = errorResponse("The post does not exist, or is a draft of another user");
const unknown = errorResponse("The comment does not exist, or is deleted");
const notAuthor = errorResponse("The comment is by another user");

/** Adds the routes of comments and of the votes for them. */
export function addCommentRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const { db, searches } = deps.database;
  const comments = createComments(db, deps.profiles, deps.admitWrite);
  const readTree = createCommentTree(searches, deps.cursorKey);
  const guard = guards(deps.auth);

  const mayChange = ownerFirst(commentParams, comments.requireAuthor);

  return app
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/posts/{id}/comments",
        tags,
        summary: "List the comments on a post",
        description:
          "Lists comments with the first replies to them, level by level, at most 1,000 in all. `nextCursor` leads to the next page of the " +
          "level, `more` of a comment to the replies to it that are left out. A comment that cannot be shown keeps its place, so that the " +
          "replies to it can be.",
        request: { params: postParams, query: commentsQuery },
        responses: { 200: jsonResponse(commentTreeSchema, "One page of comments"), 404: unknownPost },
      }),
      async (c) => {
        const tree = await readTree(c.req.valid("param").id, c.var.account.id, c.req.valid("query"));
        return c.json(toCommentTree(tree), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:write", idempotent(deps.idempotency)),
        method: "post",
        path: "/posts/{id}/comments",
        tags,
        summary: "Comment on a post",
        description:
          "Adds a comment to a post, or with `parentId` a reply to a comment. Replies are at most 50 levels deep: a reply to one at that depth " +
          "is a 422.",
        request: { ...noQuery, params: postParams, ...jsonBody(commentInput) },
        responses: {
          201: jsonResponse(commentSchema, "Comment added; its URL is in `Location`"),
          403: errorResponse("The account is suspended"),
          404: unknownPost,
          429: errorResponse("The account has written too many comments in this hour"),
        },
      }),
      async (c) => {
        const { content, parentId } = c.req.valid("json");
        const added = { postId: c.req.valid("param").id, content, parentId };
        const made = await comments.create(c.var.account, added, c.var.keyed);
        c.header("Location", `/social/comments/${made.comment.id}`);
        return c.json(toCommentResponse(made), 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/comments/{id}",
        tags,
        summary: "Get a comment",
        description: "Gets a comment without the replies to it.",
        request: { ...noQuery, params: commentParams },
        responses: { 200: jsonResponse(commentSchema, "The comment"), 404: unknown },
      }),
      async (c) => {
        const found = await comments.get(c.req.valid("param").id, c.var.account.id);
        return c.json(toCommentResponse(found), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:write", mayChange),
        method: "patch",
        path: "/comments/{id}",
        tags,
        summary: "Change a comment",
        description: "Replaces the text of the caller's own comment. `editedAt` shows it.",
        request: { ...noQuery, params: commentParams, ...jsonBody(commentChanges) },
        responses: { 200: jsonResponse(commentSchema, "Comment changed"), 403: notAuthor, 404: unknown },
      }),
      async (c) => {
        const { content } = c.req.valid("json");
        const changed = await comments.change(c.req.valid("param").id, c.var.account, content);
        return c.json(toCommentResponse(changed), 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:write", mayChange),
        method: "delete",
        path: "/comments/{id}",
        tags,
        summary: "Delete a comment",
        description:
          "Deletes the text of the caller's own comment and its author. The replies to it stay where they are.",
        request: { ...noQuery, params: commentParams },
        responses: { 204: { description: "Comment deleted" }, 403: notAuthor, 404: unknown },
      }),
      async (c) => {
        await comments.delete(c.req.valid("param").id, c.var.account.id);
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:write"),
        method: "put",
        path: "/comments/{id}/vote",
        tags,
        summary: "Vote for a comment",
        description: "Adds the caller's vote for a comment. Voting again changes nothing.",
        request: { ...noQuery, params: commentParams },
        responses: { 204: { description: "The caller has voted for the comment" }, 404: unknown },
      }),
      async (c) => {
        await comments.vote(c.var.account, c.req.valid("param").id);
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:write"),
        method: "delete",
        path: "/comments/{id}/vote",
        tags,
        summary: "Remove a vote for a comment",
        description: "Removes the caller's vote for a comment. Removing it again changes nothing.",
        request: { ...noQuery, params: commentParams },
        responses: { 204: { description: "The caller has no vote for the comment" }, 404: unknown },
      }),
      async (c) => {
        await comments.takeBackVote(c.req.valid("param").id, c.var.account.id);
        return c.body(null, 204);
      },
    );
}
