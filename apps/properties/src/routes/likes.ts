import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, guards } from "@quintet/auth";
import { htmlContent, jsonResponse, limitParam, noQuery, type ServiceEnv } from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import { likeProperty, readLikeCount, readLiked, readMostLiked, unlikeProperty, withLikes } from "../likes/likes.ts";
import { dateCursor, datePosition, likesCursor, likesPosition } from "./cursors.ts";
import { asPage } from "./pages.ts";
import { sendLikedPage } from "./property-pages.ts";
import { notAcceptable, onlyJson } from "./responses.ts";
import { cursor, idParam, likeCountSchema, likedSchema, mostLikedSchema } from "./schemas.ts";

const likedQuery = z.strictObject({
  limit: limitParam(20).openapi({ type: "integer", description: "Max properties per page" }),
  cursor,
});
const tags = ["likes"];
const request = { params: idParam, ...noQuery };

/** Adds the routes for likes. */
export function addLikeRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);
  const { db, cursorKey } = deps;

  return app
    .openapi(
      createRoute({
        ...guard.account(
          "properties:like",
          asPage((c) => sendLikedPage(c as unknown as Context<AccountEnv>, deps, frame)),
          onlyJson,
        ),
        method: "get",
        path: "/liked",
        tags,
        summary: "List liked properties",
        request: { query: likedQuery },
        description:
          "Lists the properties that the account likes, most recent like first. Properties that are not visible are skipped; when there are thousands of them in a row, a page may be shorter than `limit`, or empty, and still have a `nextCursor`. `Accept: text/html` gets a page for people.",
        responses: {
          200: {
            description: "A page of liked properties",
            content: { ...jsonResponse(likedSchema, "").content, ...htmlContent },
          },
          406: notAcceptable,
        },
      }),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const after = cursor === undefined ? undefined : datePosition(cursorKey, "liked", cursor);
        const { properties, end } = await readLiked(db, c.var.account.id, { limit, after });
        const nextCursor = end ? dateCursor(cursorKey, "liked", end) : null;
        const shown = properties.map((property) => ({ ...property, likedAt: property.likedAt.toISOString() }));
        return c.json({ status: "success" as const, properties: shown, nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("properties:read", onlyJson),
        method: "get",
        path: "/most-liked",
        tags,
        summary: "List the most liked properties",
        request: { query: likedQuery },
        description:
          "Lists the visible properties that any account likes, the most liked first; of equally liked ones the one with the greatest id. " +
          "As properties are liked meanwhile, a later page may repeat or skip one. Properties that are not visible are skipped as in `/liked`.",
        responses: { 200: jsonResponse(mostLikedSchema, "A page of properties"), 406: notAcceptable },
      }),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const after = cursor === undefined ? undefined : likesPosition(cursorKey, cursor);
        const { properties, end } = await readMostLiked(db, { limit, after });
        const counted = await withLikes(db, c.var.account.id, properties);
        const nextCursor = end ? likesCursor(cursorKey, end) : null;
        return c.json({ status: "success" as const, properties: counted, nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("properties:like"),
        method: "put",
        path: "/{id}/like",
        tags,
        summary: "Like a property",
        description: "Adds the account's like. Liking a property again changes nothing.",
        request,
        responses: { 204: { description: "The account likes the property" } },
      }),
      async (c) => {
        await likeProperty(db, c.var.account.id, c.req.valid("param").id);
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("properties:like"),
        method: "delete",
        path: "/{id}/like",
        tags,
        summary: "Remove a like",
        description:
          "Removes the account's like, if there is one, also when the property is not visible any more. 404: there is no like, and no such property that the account can see.",
        request,
        responses: { 204: { description: "The account does not like the property" } },
      }),
      async (c) => {
        await unlikeProperty(db, c.var.account.id, c.req.valid("param").id);
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("properties:read", onlyJson),
        method: "get",
        path: "/{id}/likes",
        tags,
        summary: "Count likes",
        request,
        responses: {
          200: jsonResponse(likeCountSchema, "The number of accounts that like the property"),
          406: notAcceptable,
        },
      }),
      async (c) => c.json({ count: await readLikeCount(db, c.req.valid("param").id) }, 200),
    );
}
