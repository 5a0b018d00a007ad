import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { jsonBody, jsonResponse, type ServiceEnv } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { explainSql, explains, runSql } from "../queries/run-sql.ts";
import { explainQuery, sqlBody, sqlPlanSchema, sqlResultSchema, toTypedValues } from "./sql-schemas.ts";

/** Adds the route on which staff runs SQL. */
export function addSqlRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  const { reader } = deps.sql;

  return app.openapi(
    createRoute({
      ...guard.staff("properties:write"),
      method: "post",
      path: "/sql",
      tags: ["SQL"],
      summary: "Run SQL",
      description:
        "Staff only. Runs one SELECT as a database user who can read the tables of the listings and do nothing else, on a connection of its " +
        "own. It has at most 10,000 rows and 4 MiB, and a time limit (503). `EXPLAIN` before the statement is the same as `explain=1`. What " +
        "may not be run is a 422 that says why.",
      request: { query: explainQuery, ...jsonBody(sqlBody) },
      responses: {
        200: jsonResponse(z.union([sqlResultSchema, sqlPlanSchema]), "The result, or the plan with `explain=1`"),
      },
    }),
    async (c) => {
      const { sql, params } = c.req.valid("json");
      const values = toTypedValues(params);
      const began = performance.now();
      const ms = () => Math.round((performance.now() - began) * 10) / 10;
      if (explains(sql) || c.req.valid("query").explain === "1") {
        const plan = await explainSql(reader, sql, values);
        return c.json({ plan, ms: ms() }, 200) as never;
      }
      return c.json({ ...(await runSql(deps.sql, sql, values)), ms: ms() }, 200);
    },
  );
}
