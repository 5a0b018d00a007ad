import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { readValues, savedSqlName, savedSqlNameRule, toParameters } from "@quintet/db";
import {
  decodeCursor,
  encodeCursor,
  etagOf,
  htmlContent,
  type InputFault,
  ifNoneMatch,
  jsonBody,
  jsonResponse,
  limitParam,
  noQuery,
  Problem,
  type ServiceEnv,
} from "@quintet/http";
import type { PageFrame } from "@quintet/pages";
import type { Deps } from "../deps.ts";
import { runSql } from "../queries/run-sql.ts";
import { pageOfQueries, removeQuery, savedQuery, storeQuery } from "../queries/saved-queries.ts";
import { asPage } from "./pages.ts";
import { sendQueriesPage, sendQueryPage, withAccount } from "./query-pages.ts";
import { cursor } from "./schemas.ts";
import {
  queriesPosition,
  queryBody,
  queryParam,
  queryResultSchema,
  querySchema,
  toQueryBody,
  valuesOf,
} from "./sql-schemas.ts";

const queryListSchema = z
  .object({
    queries: z.array(querySchema).openapi({ description: "The saved queries of this page, by name" }),
    nextCursor: z.string().nullable().openapi({ description: "The `cursor` of the next page; null on the last page" }),
  })
  .openapi("SavedQueries", { description: "A page of saved queries" });

function badQuery(errors: InputFault[]): Problem {
  return new Problem("bad-request", errors.map(({ path, message }) => `${path}: ${message}`).join("; "), { errors });
}

/** Adds the routes that save, list and run queries. */
export function addQueryRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);
  const { db, cursorKey } = deps;

  return app
    .openapi(
      createRoute({
        ...guard.account(
          "properties:read",
          asPage((c) => sendQueriesPage(withAccount(c), deps, frame)),
        ),
        method: "get",
        path: "/queries",
        tags: ["SQL"],
        summary: "List saved queries",
        description: "The saved queries by name: for staff all of them, for other accounts those that are public.",
        request: {
          query: z.strictObject({
            limit: limitParam(20).openapi({ type: "integer", description: "Max queries per page" }),
            cursor,
          }),
        },
        responses: {
          200: {
            description: "A page of saved queries",
            content: { ...jsonResponse(queryListSchema, "").content, ...htmlContent },
          },
        },
      }),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const after = cursor === undefined ? undefined : decodeCursor(cursorKey, cursor, queriesPosition)[1];
        const { queries, end } = await pageOfQueries(db, { after, limit, publicOnly: !c.var.account.isStaff });
        const nextCursor = end === undefined ? null : encodeCursor(cursorKey, ["queries", end]);
        return c.json({ queries: queries.map(toQueryBody), nextCursor }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account(
          "properties:read",
          asPage((c) => sendQueryPage(withAccount(c), deps, { frame, runs: false })),
        ),
        method: "get",
        path: "/queries/{query}",
        tags: ["SQL"],
        summary: "Get a saved query",
        description:
          "What was saved, and the columns of its rows. One that is not public is a 404 for accounts that are not staff.",
        request: { params: queryParam, ...noQuery },
        responses: {
          200: {
            description: "The saved query",
            content: { ...jsonResponse(querySchema, "").content, ...htmlContent },
          },
        },
      }),
      async (c) => c.json(toQueryBody(await savedQuery(db, c.req.valid("param").query, c.var.account.isStaff)), 200),
    )
    .openapi(
      createRoute({
        ...guard.account(
          "properties:read",
          asPage((c) => sendQueryPage(withAccount(c), deps, { frame, runs: true })),
        ),
        method: "get",
        path: "/queries/{query}/rows",
        tags: ["SQL"],
        summary: "Run a saved query",
        description:
          "The rows as they are now; each parameter of the saved query is one of the query. Its operation with typed parameters and columns is " +
          "in this document when it is public. With `If-None-Match` and equal rows the response is a 304. The limits are those of `POST /properties/sql`.",
        request: { params: queryParam },
        parameters: [
          {
            name: "parameters",
            in: "query",
            style: "form",
            explode: true,
            description: "The parameters of the saved query, each by its name",
            schema: { type: "object", additionalProperties: { type: "string" } },
          },
        ],
        responses: {
          200: {
            description: "The rows; their version is in `ETag`",
            content: { ...jsonResponse(queryResultSchema, "").content, ...htmlContent },
          },
          304: { description: "The rows are those of `If-None-Match`" },
        },
      }),
      async (c) => {
        const { query: name } = c.req.valid("param");
        const query = await savedQuery(db, name, c.var.account.isStaff);
        const { values, faults } = readValues(query.params, new Map(Object.entries(c.req.queries())));
        if (faults.length > 0) throw badQuery(faults);
        const text = JSON.stringify(await runSql(deps.sql, query.sql, valuesOf(query, values)));
        const tag = etagOf(text);
        c.header("ETag", tag);
        c.header("Cache-Control", "private, no-cache");
        if (ifNoneMatch(c.req.header("if-none-match"), tag)) return c.body(null, 304);
        return c.body(text, 200, { "Content-Type": "application/json" }) as never;
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("properties:write"),
        method: "put",
        path: "/queries/{query}",
        tags: ["SQL"],
        summary: "Save a query",
        description:
          "Staff only. Saves one SELECT under a name, in place of what was there. It is prepared as the user that will run it; what it cannot do " +
          "is a 422 that says where. Whoever may run it sees what it selects, also of properties that are not visible.",
        request: { params: queryParam, ...noQuery, ...jsonBody(queryBody) },
        responses: {
          200: jsonResponse(querySchema, "Saved query replaced"),
          201: jsonResponse(querySchema, "Query saved; its URL is in `Location`"),
        },
      }),
      async (c) => {
        const { query: name } = c.req.valid("param");
        if (!savedSqlName.test(name)) throw badQuery([{ path: "query", message: savedSqlNameRule }]);
        const { params, ...body } = c.req.valid("json");
        const draft = { name, ...body, params: toParameters(params) };
        const isNew = await storeQuery(db, deps.sql, draft, c.var.account.username);
        const saved = toQueryBody(await savedQuery(db, name, true));
        if (!isNew) return c.json(saved, 200);
        c.header("Location", `/properties/queries/${name}`);
        return c.json(saved, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("properties:write"),
        method: "delete",
        path: "/queries/{query}",
        tags: ["SQL"],
        summary: "Delete a saved query",
        description: "Staff only. The tables stay as they are.",
        request: { params: queryParam, ...noQuery },
        responses: { 204: { description: "Saved query deleted" } },
      }),
      async (c) => {
        await removeQuery(db, deps.sql, c.req.valid("param").query);
        return c.body(null, 204);
      },
    );
}
