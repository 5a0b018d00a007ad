import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { jsonResponse, type ServiceEnv, wholeNumber } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { aboveMean, hiredByQuarter, hiresByDepartment } from "../reports/hire-queries.ts";

const count = z.number().int();
const year = count.describe("The year of the report, UTC");
const query = z.strictObject({ year: wholeNumber(1900, 9999).describe("The year, 1900 to 9999; required") });
const quarter = (number: number) =>
  count.describe(
    `Hires from ${["January", "April", "July", "October"][number - 1]} to ${["March", "June", "September", "December"][number - 1]}`,
  );
const department = z.string().describe("Name of the department");

const hiredByQuarterSchema = z
  .object({
    year,
    rows: z
      .array(
        z.object({
          department,
          job: z.string().describe("Name of the job"),
          q1: quarter(1),
          q2: quarter(2),
          q3: quarter(3),
          q4: quarter(4),
        }),
      )
      .describe("Departments and jobs with at least one hire, by department, then job"),
  })
  .openapi("HiredByQuarter", { description: "Hires of a year by department, job and quarter" });

const departmentsAboveMeanSchema = z
  .object({
    year,
    mean: z.number().describe("Mean number of hires over all departments"),
    rows: z
      .array(
        z.object({
          id: count.describe("The id of the department"),
          department,
          hired: count.describe("Hires of the year"),
        }),
      )
      .describe("Departments above the mean, by number of hires, highest first"),
  })
  .openapi("DepartmentsAboveMean", { description: "Departments that hired more than the mean" });

/** Adds the two reports on the hires of a year. */
export function addReportRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);

  return app
    .openapi(
      createRoute({
        ...guard.account("ingest:read"),
        method: "get",
        path: "/reports/hired-by-quarter",
        tags: ["ingest"],
        summary: "Report hires by quarter",
        description: "Hires of a year by department and job in each quarter. Quarters are in UTC.",
        request: { query },
        responses: {
          200: jsonResponse(hiredByQuarterSchema, "The report"),
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
        summary: "Report departments above the mean",
        description:
          "Departments that hired more in a year than the mean of all departments. A department without hires counts as 0.",
        request: { query },
        responses: {
          200: jsonResponse(departmentsAboveMeanSchema, "The report"),
        },
      }),
      async (c) => {
        const { year } = c.req.valid("query");
        return c.json({ year, ...aboveMean(await hiresByDepartment(deps.reports, year)) }, 200);
      },
    );
}
