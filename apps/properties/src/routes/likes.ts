import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { jsonResponse, limitParam, noQuery, type ServiceEnv } from "@quintet/http";
import { datedCursor, datedPlace } from "../cursors.ts";
import type { Deps } from "../deps.ts";
import { likeProperty, readLikeCount, readLiked, unlikeProperty } from "../likes.ts";
import { cursor, idParam, likeCountSchema, likedSchema } from "./schemas.ts";

const likedQuery = z.strictObject({ limit: limitParam(20).openapi({ type: "integer" }), cursor });
const tags = ["likes"];
const request = { params: idParam, ...noQuery };

/** What accounts like. */
export function likeRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  const { db, cursorKey } = deps;

  return app
    .openapi(
      createRoute({
        ...guard.account("properties:like"),
        method: "get",
        path: "/liked",
        tags,
        summary: "What this account likes, the newest like first",
        request: { query: likedQuery },
        description:
          "A property that is not visible now is passed over. Where thousands follow each other a page is shorter than `limit`, or empty, and has a `nextCursor`.",
        responses: { 200: jsonResponse(likedSchema, "A page of it") },
      }),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const after = cursor === undefined ? undefined : datedPlace(cursorKey, "liked", cursor);
        const { properties, end } = await readLiked(db, c.var.account.id, { limit, after });
        const nextCursor = end ? datedCursor(cursorKey, "liked", end) : null;
        const shown = properties.map((property) => ({ ...property, likedAt: property.likedAt.toISOString() }));
        return c.json({ status: "success" as const, properties: shown, nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("properties:like"),
        method: "put",
        path: "/{id}/like",
        tags,
        summary: "Like a property",
        request,
        responses: { 204: { description: "This account likes it" } },
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
        summary: "Like it no more",
        request,
        responses: { 204: { description: "This account does not like it" } },
      }),
      async (c) => {
        await unlikeProperty(db, c.var.account.id, c.req.valid("param").id);
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("properties:read"),
        method: "get",
        path: "/{id}/likes",
        tags,
        summary: "How many accounts like it",
        request,
        responses: { 200: jsonResponse(likeCountSchema, "Their number") },
      }),
      async (c) => c.json({ count: await readLikeCount(db, c.req.valid("param").id) }, 200),
    );
}
