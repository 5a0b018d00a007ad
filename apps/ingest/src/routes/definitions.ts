import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  decodeCursor,
  encodeCursor,
  errorResponse,
  jsonBody,
  jsonResponse,
  limitParam,
  noQuery,
  type ServiceEnv,
} from "@quintet/http";
import type { Deps } from "../deps.ts";
import { breakProblem } from "../tables/breaks.ts";
import type { Table } from "../tables/table.ts";
import { cursorParam, nextCursor, tableInPath } from "./paths.ts";
import { patchedSchema, schemaOf, tableFrom, tablePatch, tableSchema } from "./table-schema.ts";

const definitionSchema = z
  .object({
    name: z.string().describe("Name of the table"),
    version: z.number().int().describe("Counts the definitions that the name has had"),
    schema: tableSchema,
  })
  .openapi("TableDefinition", { description: "A table and its definition" });

const changeSchema = definitionSchema
  .extend({
    breaks: z
      .array(
        z.object({
          path: z.string().describe("Path in the definition"),
          message: z.string().describe("What would break"),
        }),
      )
      .describe("What would break; empty when the change is possible or done"),
  })
  .openapi("TableChange", { description: "A definition, and what a change to it would break" });

const definitionListSchema = z
  .object({ tables: z.array(definitionSchema).describe("The tables of this page, by name"), nextCursor })
  .openapi("TableDefinitions", { description: "One page of tables" });

const nameParam = z.strictObject({
  name: z.string().openapi({ param: { name: "name", in: "path" }, description: "Name of the table" }),
});
const position = z.strictObject({ list: z.literal("tables"), name: z.string() });
const toDefinition = (table: Table) => ({ name: table.name, version: table.version, schema: schemaOf(table) });

/** Adds the routes that list, make, show and delete tables. */
export function addDefinitionRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  return app
    .openapi(
      createRoute({
        ...guard.account("ingest:read"),
        method: "get",
        path: "/tables",
        tags: ["ingest"],
        summary: "List tables",
        description: "All tables that files can be loaded into, by name, each with its definition.",
        request: {
          query: z.strictObject({
            limit: limitParam(20).describe("Tables per page, 1 to 100; 20 by default"),
            cursor: cursorParam,
          }),
        },
        responses: { 200: jsonResponse(definitionListSchema, "A page of tables") },
      }),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const after = decodeCursor(deps.cursorKey, cursor, position)?.name ?? "";
        const rest = (await deps.tables.list()).filter(({ name }) => name > after);
        const tables = rest.slice(0, limit);
        const last = rest.length > limit ? tables.at(-1) : undefined;
        const next = last ? encodeCursor(deps.cursorKey, { list: "tables", name: last.name }) : null;
        return c.json({ tables: tables.map(toDefinition), nextCursor: next }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("ingest:read"),
        method: "get",
        path: "/tables/{name}",
        tags: ["ingest"],
        summary: "Show a table's definition",
        description:
          "The definition as Frictionless Table Schema; sent to another installation, it makes the same table.",
        request: { params: nameParam, ...noQuery },
        responses: { 200: jsonResponse(definitionSchema, "The table") },
      }),
      async (c) => c.json(toDefinition(await tableInPath(deps, c.req.valid("param").name)), 200),
    )
    .openapi(
      createRoute({
        ...guard.staff("ingest:write"),
        method: "put",
        path: "/tables/{name}",
        tags: ["ingest"],
        summary: "Make or replace a table's definition",
        description:
          "Staff only. The body is a Frictionless Table Schema: typed columns with their rules, a key of one or several of them, and " +
          "references to keys of other tables. What is not supported is a 422 that names its path. A table that is there becomes what the " +
          "definition says if its rows fit, otherwise the 409 lists what would break; a table without rows can become any other one. " +
          "Sending the same definition again changes nothing.",
        request: { params: nameParam, ...noQuery, ...jsonBody(tableSchema) },
        responses: {
          200: jsonResponse(definitionSchema, "The table was there, and has this definition now"),
          201: jsonResponse(definitionSchema, "Table made"),
          409: errorResponse(
            "Rows do not fit the definition, or a load or another request is changing the table, or the database has such a table that is not of ingest",
          ),
        },
      }),
      async (c) => {
        const { name } = c.req.valid("param");
        const made = await deps.tables.put(tableFrom(name, c.req.valid("json")), c.var.account.username);
        const definition = toDefinition(await tableInPath(deps, name));
        if (!made) return c.json(definition, 200);
        c.header("Location", `/ingest/tables/${name}`);
        return c.json(definition, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("ingest:write"),
        method: "patch",
        path: "/tables/{name}",
        tags: ["ingest"],
        summary: "Change a table's definition",
        description:
          "Staff only. Adds columns and changes rules; rules that are left out stay, null takes one away. Every row is checked by the new " +
          "rules first: what would break is a 409 that lists it, and nothing is changed. With `dryRun=true` the response lists it. Paths " +
          "in errors are those of the whole definition. New columns get their `default`, or no value. Loads that were cut off cannot be " +
          "resumed after a change of rules.",
        request: {
          params: nameParam,
          query: z.strictObject({
            dryRun: z.enum(["true", "false"]).default("false").describe("Tell what would break, and change nothing"),
          }),
          ...jsonBody(tablePatch),
        },
        responses: {
          200: jsonResponse(changeSchema, "The definition as it is now or, in a dry run, would be"),
          409: errorResponse("Rows do not fit, or a load is running, or another request is changing the table"),
        },
      }),
      async (c) => {
        const { name } = c.req.valid("param");
        const read = await tableInPath(deps, name);
        const table = tableFrom(name, patchedSchema(read, c.req.valid("json")));
        const dryRun = c.req.valid("query").dryRun === "true";
        const breaks = await deps.tables.change(read, table, { dryRun });
        if (dryRun) return c.json({ ...toDefinition({ ...table, version: read.version }), breaks }, 200);
        if (breaks.length > 0) throw breakProblem(breaks);
        return c.json({ ...toDefinition(await tableInPath(deps, name)), breaks }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("ingest:write"),
        method: "delete",
        path: "/tables/{name}",
        tags: ["ingest"],
        summary: "Delete a table",
        description: "Staff only. Its loads stay listed; those that were cut off cannot be resumed any more.",
        request: {
          params: nameParam,
          query: z.strictObject({
            rows: z.enum(["keep", "delete"]).default("keep").describe("`delete`: also when the table has rows"),
          }),
        },
        responses: {
          204: { description: "Table deleted" },
          409: errorResponse("The table has rows, another table refers to it, or a load is running"),
        },
      }),
      async (c) => {
        await deps.tables.drop(c.req.valid("param").name, c.req.valid("query").rows === "delete");
        return c.body(null, 204);
      },
    );
}
