import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { idempotent, jsonBody, jsonResponse, noQuery, Problem, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { parseExact } from "../rows/exact-json.ts";
import { storeRows } from "../rows/store-rows.ts";
import { storedRowsSchema } from "./load-schemas.ts";
import { tableInPath, tableParam } from "./paths.ts";

const maxRows = 1000;

const newRows = z
  .strictObject({
    rows: z
      .array(z.unknown())
      .min(1, "must have 1 to 1,000 rows")
      .describe("1 to 1,000 rows, each an array in the order of the columns or an object by column name"),
  })
  .openapi("NewRows", { description: "Rows to store" });

/** Adds `POST /{table}/rows`: stores 1 to 1,000 rows from JSON. */
export function addRowRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  return app.openapi(
    createRoute({
      ...guard.staff("ingest:write", idempotent(deps.idempotency)),
      method: "post",
      path: "/{table}/rows",
      tags: ["ingest"],
      summary: "Store rows",
      description:
        "Staff only. Stores 1 to 1,000 rows in one transaction. Rows that break a rule are rejected with a reason, the others are stored. " +
        "413: more than 1,000 rows; nothing is stored.",
      request: {
        params: tableParam,
        ...noQuery,
        ...jsonBody(newRows),
      },
      responses: { 200: jsonResponse(storedRowsSchema, "The stored and the rejected rows") },
    }),
    async (c) => {
      const { length } = c.req.valid("json").rows;
      if (length > maxRows) {
        throw new Problem("payload-too-large", `${length} rows exceed the maximum of 1,000. Nothing was stored.`);
      }
      const table = await tableInPath(deps, c.req.valid("param").table);
      const { rows } = parseExact(await c.req.text()) as z.infer<typeof newRows>;
      return c.json(await storeRows(deps.loads.bulk, table, rows, c.var.keyed), 200);
    },
  );
}
