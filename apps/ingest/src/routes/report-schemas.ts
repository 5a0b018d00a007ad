import { z } from "@hono/zod-openapi";
import { cellSchema, columnSchema, parameterSchema, parametersSchema } from "@quintet/db";
import type { Report } from "../reports/report.ts";

const reportParameter = parameterSchema
  .refine(({ name }) => !["rows", "columns"].includes(name), {
    path: ["name"],
    message: "must not be rows or columns, which a response has already",
  })
  .openapi("ReportParameter", { description: "A parameter of a report" });

const sql = z.string().min(1).max(100_000);
const sqlText = "One SELECT over the tables that were made here, with parameters such as `:year`";
const summaryText =
  "Columns of the result that stand beside `rows`, once, from its first row; a row in which all others are NULL is there for these only";

/** The body of `PUT /reports/{report}`. */
export const reportBody = z
  .strictObject({
    sql: sql.describe(sqlText),
    summary: z.array(z.string().min(1).max(64)).max(50).default([]).describe(summaryText),
    params: parametersSchema(reportParameter),
    description: z.string().max(2000).default("").describe("What the report is"),
  })
  .openapi("ReportDefinition", { description: "What is saved as a report" });

export const reportSchema = z
  .object({
    name: z.string().describe("Name of the report"),
    description: z.string().describe("What the report is"),
    sql: z.string().describe(sqlText),
    summary: z.array(z.string()).describe(summaryText),
    params: z
      .array(reportParameter)
      .describe("The parameters that the statements use; limits and defaults as strings, so that they are exact"),
    url: z.string().describe("Where it runs"),
    changedBy: z.string().describe("Who saved it; empty for one that came with the service"),
    changedAt: z.string().describe("When it was saved"),
  })
  .openapi("SavedReport", { description: "A saved report" });

/** A report as responses show it. */
export function toReportBody(report: Report): z.output<typeof reportSchema> {
  const { name, description, sql, changedBy } = report;
  return {
    name,
    description,
    sql,
    summary: [...report.summary],
    params: report.params.map(({ enum: values, ...rest }) => (values ? { ...rest, enum: [...values] } : rest)),
    url: `/ingest/reports/${name}`,
    changedBy,
    changedAt: report.changedAt.toISOString(),
  };
}

/** The response of a report: its parameters and its summary are beside these. */
export const resultSchema = z
  .object({
    columns: z
      .array(columnSchema)
      .optional()
      .describe("The columns of the rows in their order; not in the reports that came with the service"),
    rows: z
      .array(z.record(z.string(), cellSchema))
      .describe(
        "The rows, each with its values by column. A number with more digits than a double holds is a string; a moment is in UTC and ends in Z, as do dates and times that are computed, unless a table of the report also has local ones; local dates and times are as stored",
      ),
  })
  .catchall(cellSchema)
  .openapi("ReportResult", {
    description: "The rows of a report; beside them the values of its parameters, and the columns of its summary",
  });
