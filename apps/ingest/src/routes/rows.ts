import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { idempotent, jsonBody, jsonResponse, noQuery, Problem, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { storeRows } from "../rows/store-rows.ts";
import { storedRowsSchema } from "./load-schemas.ts";
import { tableInPath, tableParam } from "./paths.ts";

const maxRows = 1000;

/** `POST /{table}/rows`: 1 to 1,000 rows in JSON. */
export function addRowRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  return app.openapi(
    createRoute({
      ...guard.staff("ingest:write", idempotent(deps.idempotency)),
      method: "post",
      path: "/{table}/rows",
      tags: ["ingest"],
      summary: "Store 1 to 1,000 rows",
      description:
        "Each row is an array in the order of the columns or an object by their names. Rows that break a rule are rejected, the others " +
        "stored in one transaction. `row` counts from 1; `column` is null when the row as a whole is at fault.",
      request: {
        params: tableParam,
        ...noQuery,
        ...jsonBody(z.strictObject({ rows: z.array(z.unknown()).min(1, "must have 1 to 1,000 rows") })),
      },
      responses: { 200: jsonResponse(storedRowsSchema, "What became of each row") },
    }),
    async (c) => {
      const { rows } = c.req.valid("json");
      if (rows.length > maxRows) {
        throw new Problem("payload-too-large", `${rows.length} rows are more than 1,000. Nothing was stored.`);
      }
      const table = tableInPath(c.req.valid("param").table);
      return c.json(await storeRows(deps.loads.bulk, table, rows, c.var.keyed), 200);
    },
  );
}
