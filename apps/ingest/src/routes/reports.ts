import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { jsonResponse, type ServiceEnv, wholeNumber } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { aboveMean, hiredByQuarter, hiresByDepartment } from "../reports/hire-queries.ts";

const count = z.number().int();
const query = z.strictObject({ year: wholeNumber(1900, 9999) });

/** The two reports on the hires of a year. */
export function addReportRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);

  return app
    .openapi(
      createRoute({
        ...guard.account("ingest:read"),
        method: "get",
        path: "/reports/hired-by-quarter",
        tags: ["ingest"],
        summary: "Hires of a year by department, job and quarter",
        request: { query },
        responses: {
          200: jsonResponse(
            z.object({
              year: count,
              rows: z.array(
                z.object({ department: z.string(), job: z.string(), q1: count, q2: count, q3: count, q4: count }),
              ),
            }),
            "By department, then job",
          ),
        },
      }),
      async (c) => {
        const { year } = c.req.valid("query");
        return c.json({ year, rows: await hiredByQuarter(deps.reports, year) }, 200);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("ingest:read"),
        method: "get",
        path: "/reports/departments-above-mean",
        tags: ["ingest"],
        summary: "Departments that hired more in a year than the mean of all departments",
        description: "The mean is over all departments; one without hires counts 0.",
        request: { query },
        responses: {
          200: jsonResponse(
            z.object({
              year: count,
              mean: z.number(),
              rows: z.array(z.object({ id: count, department: z.string(), hired: count })),
            }),
            "Most first",
          ),
        },
      }),
      async (c) => {
        const { year } = c.req.valid("query");
        return c.json({ year, ...aboveMean(await hiresByDepartment(deps.reports, year)) }, 200);
      },
    );
}
