import { z } from "@hono/zod-openapi";
import { type Parameter, parameterTypes, type Report, resultTypes } from "../reports/report.ts";

const limit = z.union([z.string().max(80), z.number()]);

const parameterSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, "must be 1 to 64 letters, digits and _, and begin with a letter")
      .refine(
        (name) => !["rows", "columns"].includes(name),
        "must not be rows or columns, which a response has already",
      )
      .describe("Its name in the query; in the SQL with a colon before it: `:year`"),
    type: z.enum(parameterTypes).default("string").describe("What its values are; a `number` is exact"),
    required: z
      .boolean()
      .optional()
      .describe(
        "Whether a request must give it; true by default, false when there is a `default`. Otherwise it is NULL",
      ),
    default: z
      .union([z.string().max(1000), z.number(), z.boolean()])
      .optional()
      .describe("Its value when none is given"),
    minimum: limit
      .optional()
      .describe("The least value of a number, date or datetime; as a string where it must be exact"),
    maximum: limit.optional().describe("The greatest value"),
    maxLength: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe("The max number of characters of a string; 1,000 by default"),
    enum: z
      .array(z.union([z.string().max(1000), z.number()]))
      .min(1)
      .max(1000)
      .optional()
      .describe("The values that are allowed"),
    description: z.string().max(2000).optional().describe("What it is"),
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
    params: z
      .array(parameterSchema)
      .max(50)
      .default([])
      .refine((params) => new Set(params.map(({ name }) => name)).size === params.length, "must not have a name twice")
      .describe("The parameters that the statements use"),
    description: z.string().max(2000).default("").describe("What the report is"),
  })
  .openapi("ReportDefinition", { description: "What is saved as a report" });

/** The parameters in a body as they are saved: limits as texts. */
export function toParameters(params: z.output<typeof reportBody>["params"]): Parameter[] {
  return params.map(({ default: value, minimum, maximum, enum: values, ...rest }) => ({
    ...rest,
    required: rest.required ?? value === undefined,
    default: value === undefined ? undefined : String(value),
    minimum: minimum === undefined ? undefined : String(minimum),
    maximum: maximum === undefined ? undefined : String(maximum),
    enum: values?.map(String),
  }));
}

export const reportSchema = z
  .object({
    name: z.string().describe("Name of the report"),
    description: z.string().describe("What the report is"),
    sql: z.string().describe(sqlText),
    summary: z.array(z.string()).describe(summaryText),
    params: z
      .array(parameterSchema)
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

const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** The response of a report: its parameters and its summary are beside these. */
export const resultSchema = z
  .object({
    columns: z
      .array(
        z.object({
          name: z.string().describe("Name of the column"),
          type: z.enum(resultTypes).describe("What its values are; `binary`: base64"),
        }),
      )
      .optional()
      .describe("The columns of the rows in their order; not in the reports that came with the service"),
    rows: z
      .array(z.record(z.string(), cell))
      .describe(
        "The rows, each with its values by column. A number with more digits than a double holds is a string; dates and times are as stored, in UTC",
      ),
  })
  .catchall(cell)
  .openapi("ReportResult", {
    description: "The rows of a report; beside them the values of its parameters, and the columns of its summary",
  });
