import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { errorResponse, idempotent, jsonBody, jsonResponse, limitParam, noQuery, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { changeProperty, createProperty } from "../properties/properties.ts";
import type { StatusChange } from "../properties/property.ts";
import { appendStatus, readHistory } from "../properties/status-history.ts";
import { propertyEtag } from "../properties/versions.ts";
import { restoreProperty, withdrawProperty } from "../properties/withdrawals.ts";
import { historyCursor, historyPosition } from "./cursors.ts";
import { notAcceptable, onlyJson, setTag } from "./responses.ts";
import {
  cursor,
  historySchema,
  idParam,
  newPropertySchema,
  newStatusSchema,
  propertyChangesSchema,
  propertySchema,
  statusChangeSchema,
  storedPropertySchema,
} from "./schemas.ts";

const ifMatch = (description: string) => z.object({ "if-match": z.string().optional().openapi({ description }) });
const otherVersion = errorResponse("The property has changed: If-Match names another version");

const historyQuery = z.strictObject({
  limit: limitParam(20).openapi({ type: "integer", description: "Max entries per page" }),
  cursor,
});

/** Adds the routes for staff: create and change properties, and append to their status history. */
export function addEditingRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  const { db, cursorKey } = deps;

  return app
    .openapi(
      createRoute({
        ...guard.staff("properties:write", idempotent(deps.idempotency)),
        method: "post",
        path: "/",
        tags: ["properties"],
        summary: "Create a property",
        description: "Staff only. Creates a property with its first status.",
        request: { ...noQuery, ...jsonBody(newPropertySchema) },
        responses: {
          201: jsonResponse(propertySchema, "Property created; its URL is in `Location`"),
        },
      }),
      async (c) => {
        const { status, ...fields } = c.req.valid("json");
        const property = await createProperty(db, fields, status, c.var.keyed);
        c.header("Location", `/properties/${property.id}`);
        return c.json(property, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("properties:write"),
        method: "patch",
        path: "/{id}",
        tags: ["properties"],
        summary: "Change a property",
        description:
          "Staff only. Fields that are absent stay as they are. `If-Match` is required (428) and must be the ETag of the current version, " +
          "or `*` (412).",
        request: {
          params: idParam,
          ...noQuery,
          headers: ifMatch("ETag of the version that the change is based on, or `*` for any version; required"),
          ...jsonBody(propertyChangesSchema),
        },
        responses: {
          200: jsonResponse(storedPropertySchema, "Property changed; its new ETag is in the headers"),
          412: otherVersion,
          428: errorResponse("If-Match is missing"),
        },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        const property = await changeProperty(db, id, c.req.valid("json"), c.req.header("if-match"));
        setTag(c, propertyEtag(property));
        return c.json(property, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("properties:write"),
        method: "delete",
        path: "/{id}",
        tags: ["properties"],
        summary: "Withdraw a property",
        description:
          "Staff only. The property is kept, and only staff can see it until it is restored: it is in no search, count or list of likes. " +
          "Withdrawing it again changes nothing. With `If-Match`, only that version (412).",
        request: {
          params: idParam,
          ...noQuery,
          headers: ifMatch("ETag of the version to withdraw; any version by default"),
        },
        responses: { 204: { description: "The property is withdrawn" }, 412: otherVersion },
      }),
      async (c) => {
        await withdrawProperty(db, c.req.valid("param").id, c.req.header("if-match"));
        return c.body(null, 204);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("properties:write"),
        method: "post",
        path: "/{id}/restore",
        tags: ["properties"],
        summary: "Restore a property",
        description:
          "Staff only. Restores a property that is withdrawn, with its likes. Restoring it again changes nothing. With `If-Match`, only that version (412).",
        request: {
          params: idParam,
          ...noQuery,
          headers: ifMatch("ETag of the version to restore; any version by default"),
        },
        responses: {
          200: jsonResponse(storedPropertySchema, "The property is not withdrawn; its ETag is in the headers"),
          412: otherVersion,
        },
      }),
      async (c) => {
        const property = await restoreProperty(db, c.req.valid("param").id, c.req.header("if-match"));
        setTag(c, propertyEtag(property));
        return c.json(property, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("properties:write", idempotent(deps.idempotency)),
        method: "post",
        path: "/{id}/status",
        tags: ["status history"],
        summary: "Set the status",
        description:
          "Staff only. Appends an entry to the status history of a property. The entry with the latest date is the current status. " +
          "With `If-Match`, only to that version (412).",
        request: {
          params: idParam,
          ...noQuery,
          headers: ifMatch("ETag of the version that gets the status; any version by default"),
          ...jsonBody(newStatusSchema),
        },
        responses: {
          201: jsonResponse(statusChangeSchema, "Entry appended; the URL of the history is in `Location`"),
          412: otherVersion,
        },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        const change = await appendStatus(db, id, c.req.valid("json"), c.var.keyed, c.req.header("if-match"));
        c.header("Location", `/properties/${id}/status`);
        return c.json(shown(change), 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("properties:write", onlyJson),
        method: "get",
        path: "/{id}/status",
        tags: ["status history"],
        summary: "Get the status history",
        description: "Staff only. Lists the status history of a property, latest first.",
        request: { params: idParam, query: historyQuery },
        responses: { 200: jsonResponse(historySchema, "A page of the history"), 406: notAcceptable },
      }),
      async (c) => {
        const { id } = c.req.valid("param");
        const { limit, cursor } = c.req.valid("query");
        const after = cursor === undefined ? undefined : historyPosition(cursorKey, id, cursor);
        const { history, more } = await readHistory(db, id, { limit, after });
        const last = history.at(-1);
        const nextCursor = more && last ? historyCursor(cursorKey, id, { date: last.updateDate, id: last.id }) : null;
        return c.json({ status: "success" as const, history: history.map(shown), nextCursor }, 200);
      },
    );
}

function shown({ id, status, updateDate }: StatusChange) {
  return { id, status, updateDate: updateDate?.toISOString() ?? null };
}
