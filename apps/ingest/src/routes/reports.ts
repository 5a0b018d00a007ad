import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type AccountEnv, guards } from "@quintet/auth";
import { readValues, savedSqlName, savedSqlNameRule, toParameters } from "@quintet/db";
import {
  decodeCursor,
  encodeCursor,
  htmlContent,
  type InputFault,
  jsonBody,
  jsonResponse,
  limitParam,
  noQuery,
  Problem,
  type ServiceEnv,
} from "@quintet/http";
import { type PageFrame, prefersHtml, sendPage } from "@quintet/pages";
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import { pagesOf } from "../pages/lists.ts";
import { reportPage, reportsPage } from "../pages/reports-page.ts";
import type { Report } from "../reports/report.ts";
import { deleteReport, findReport, listReports, saveReport } from "../reports/report-queries.ts";
import { checkReport, runReport } from "../reports/run-report.ts";
import { cursorParam, nextCursor } from "./paths.ts";
import { reportBody, reportSchema, resultSchema, toReportBody } from "./report-schemas.ts";

const reportParam = z.strictObject({
  report: z.string().openapi({ param: { name: "report", in: "path" }, description: "Name of the report" }),
});

const reportListSchema = z
  .object({ reports: z.array(reportSchema).describe("The reports of this page, by name"), nextCursor })
  .openapi("SavedReports", { description: "One page of reports" });

const position = z.strictObject({ list: z.literal("reports"), name: z.string() });

/** The report in a path; throws `not-found` when there is none. */
async function reportInPath({ mysql }: Deps, name: string): Promise<Report> {
  const report = await findReport(mysql, name);
  if (!report) throw new Problem("not-found", "Report not found. GET /ingest/reports lists the reports.");
  return report;
}

function badQuery(errors: InputFault[]): Problem {
  return new Problem("bad-request", errors.map(({ path, message }) => `${path}: ${message}`).join("; "), { errors });
}

/** Adds the routes that list, run, save and delete reports. */
export function addReportRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame) {
  const guard = guards(deps.auth);
  const account = guard.account("ingest:read");
  const run = async (name: string, query: Record<string, string[]>) => {
    const report = await reportInPath(deps, name);
    const { values, faults } = readValues(report.params, new Map(Object.entries(query)));
    if (faults.length > 0) throw badQuery(faults);
    const { summary, columns, rows } = await runReport(deps.savedReports, report, values);
    const body = { ...values.json, ...summary, ...(report.own ? {} : { columns }), rows };
    return body as z.output<typeof resultSchema>;
  };
  /** A report as a page: an empty field of its form is not given. */
  const sendReport = async (c: Context<AccountEnv>, name: string) => {
    const report = await reportInPath(deps, name);
    const given = Object.entries(c.req.queries()).filter(([, texts]) => texts.some((text) => text !== ""));
    const { values, faults } = readValues(report.params, new Map(given));
    const result = faults.length > 0 ? undefined : await runReport(deps.savedReports, report, values);
    const texts = c.req.query();
    const isWrong = faults.length > 0 && Object.keys(texts).length > 0;
    const body = reportPage({ report, texts, faults, result });
    return sendPage(c, frame, { title: name, body, ...(isWrong && { status: 400 as const }) });
  };
  for (const { name, ...documented } of demoReports) {
    const { description, content } = documented.responses[200];
    const responses = { 200: { description, content: { ...content, ...htmlContent } } };
    const route = createRoute({ ...account, method: "get", path: `/reports/${name}`, ...documented, responses });
    app.openapi(route, async (c) => {
      if (prefersHtml(c.req.header("accept"), false)) return (await sendReport(c, name)) as never;
      return c.json((await run(name, c.req.queries())) as never, 200);
    });
  }

  return app
    .openapi(
      createRoute({
        ...account,
        method: "get",
        path: "/reports",
        tags: ["ingest"],
        summary: "List reports",
        description: "All saved reports by name, each with its SQL and its parameters.",
        request: {
          query: z.strictObject({
            limit: limitParam(20).describe("Reports per page, 1 to 100; 20 by default"),
            cursor: cursorParam,
          }),
        },
        responses: {
          200: {
            description: "A page of reports",
            content: { ...jsonResponse(reportListSchema, "").content, ...htmlContent },
          },
        },
      }),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const after = cursor === undefined ? "" : decodeCursor(deps.cursorKey, cursor, position).name;
        const found = await listReports(deps.mysql, after, limit + 1);
        const reports = found.slice(0, limit);
        const last = found.length > limit ? reports.at(-1) : undefined;
        const next = last ? encodeCursor(deps.cursorKey, { list: "reports", name: last.name }) : null;
        if (prefersHtml(c.req.header("accept"), false)) {
          const body = reportsPage(reports, pagesOf(c.req.path, {}, { cursor, next }));
          return sendPage(c, frame, { title: "Reports", body });
        }
        return c.json({ reports: reports.map(toReportBody), nextCursor: next }, 200);
      },
    )
    .openapi(
      createRoute({
        ...account,
        method: "get",
        path: "/reports/{report}",
        tags: ["ingest"],
        summary: "Run a report",
        description:
          "The rows as they are now. Each parameter of the report is one of the query. The report runs in a read-only transaction, as a " +
          "database user who can read the tables and nothing else; it has at most 100,000 rows and 16 MiB, and a time limit.",
        request: { params: reportParam },
        parameters: [
          {
            name: "parameters",
            in: "query",
            style: "form",
            explode: true,
            description: "The parameters of the report, each by its name",
            schema: { type: "object", additionalProperties: { type: "string" } },
          },
        ],
        responses: {
          200: { description: "The result", content: { ...jsonResponse(resultSchema, "").content, ...htmlContent } },
        },
      }),
      async (c) => {
        const { report } = c.req.valid("param");
        if (prefersHtml(c.req.header("accept"), false)) return sendReport(c, report);
        return c.json(await run(report, c.req.queries()), 200);
      },
    )
    .openapi(
      createRoute({
        ...account,
        method: "get",
        path: "/reports/{report}/definition",
        tags: ["ingest"],
        summary: "Show a report's definition",
        description: "What was saved: the SQL and the parameters.",
        request: { params: reportParam, ...noQuery },
        responses: { 200: jsonResponse(reportSchema, "The report") },
      }),
      async (c) => c.json(toReportBody(await reportInPath(deps, c.req.valid("param").report)), 200),
    )
    .openapi(
      createRoute({
        ...guard.staff("ingest:write"),
        method: "put",
        path: "/reports/{report}",
        tags: ["ingest"],
        summary: "Save a report",
        description:
          "Staff only. Saves one SELECT over the tables, in place of a report with that name. It can read the tables that were made here, " +
          "and call functions that compute from their arguments. What it cannot do is a 422 that says what and where.",
        request: { params: reportParam, ...noQuery, ...jsonBody(reportBody) },
        responses: {
          200: jsonResponse(reportSchema, "Report replaced"),
          201: jsonResponse(reportSchema, "Report saved"),
        },
      }),
      async (c) => {
        const name = c.req.valid("param").report;
        if (!savedSqlName.test(name)) {
          const errors = [{ path: "report", message: savedSqlNameRule }];
          throw badQuery(errors);
        }
        const { params, ...body } = c.req.valid("json");
        const draft = { name, ...body, params: toParameters(params) };
        await checkReport(deps.savedReports, draft);
        const isNew = await saveReport(deps.mysql, draft, c.var.account.username);
        const saved = toReportBody(await reportInPath(deps, name));
        if (!isNew) return c.json(saved, 200);
        c.header("Location", saved.url);
        return c.json(saved, 201);
      },
    )
    .openapi(
      createRoute({
        ...guard.staff("ingest:write"),
        method: "delete",
        path: "/reports/{report}",
        tags: ["ingest"],
        summary: "Delete a report",
        description: "Staff only. The tables stay as they are.",
        request: { params: reportParam, ...noQuery },
        responses: { 204: { description: "Report deleted" } },
      }),
      async (c) => {
        const { report } = c.req.valid("param");
        if (!(await deleteReport(deps.mysql, report))) throw new Problem("not-found", "Report not found.");
        return c.body(null, 204);
      },
    );
}

const count = z.number().int();
const year = count.describe("The year of the report, UTC");
/** In the document only: the report itself says what it takes. */
const parameters = [
  {
    name: "year",
    in: "query" as const,
    required: true,
    description: "The year, 1900 to 9999",
    schema: { type: "integer" as const, minimum: 1900, maximum: 9999 },
  },
];
const quarter = (number: number) =>
  count.describe(
    `Hires from ${["January", "April", "July", "October"][number - 1]} to ${["March", "June", "September", "December"][number - 1]}`,
  );
const department = z.string().describe("Name of the department");

/** The two reports that come with the service, as the document has them: they run as all others. */
const demoReports = [
  {
    name: "hired-by-quarter",
    tags: ["ingest"],
    summary: "Report hires by quarter",
    description:
      "Hires of a year by department and job in each quarter. Quarters are in UTC. A saved report of the demo.",
    parameters,
    responses: {
      200: jsonResponse(
        z
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
          .openapi("HiredByQuarter", { description: "Hires of a year by department, job and quarter" }),
        "The report",
      ),
    },
  },
  {
    name: "departments-above-mean",
    tags: ["ingest"],
    summary: "Report departments above the mean",
    description:
      "Departments that hired more in a year than the mean of all departments. A department without hires counts as 0. A saved report of " +
      "the demo.",
    parameters,
    responses: {
      200: jsonResponse(
        z
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
          .openapi("DepartmentsAboveMean", { description: "Departments that hired more than the mean" }),
        "The report",
      ),
    },
  },
];
