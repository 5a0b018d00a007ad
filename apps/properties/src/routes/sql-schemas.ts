import { z } from "@hono/zod-openapi";
import {
  cellSchema,
  columnSchema,
  type JsonValue,
  type ParameterValues,
  parameterSchema,
  parametersSchema,
  parameterTypes,
  readTyped,
  type TypedValue,
  typedValue,
} from "@quintet/db";
import { type InputFault, Problem } from "@quintet/http";
import type { SavedQuery } from "../queries/saved-query.ts";

/** `{query}` in a path. */
export const queryParam = z.strictObject({
  query: z.string().openapi({ param: { name: "query", in: "path" }, description: "Name of the saved query" }),
});

/** The position in a cursor of the list of queries. */
export const queriesPosition = z.tuple([z.literal("queries"), z.string()]);

const sqlText = z.string().min(1).max(100_000).openapi({
  description:
    "One SELECT, or WITH and then SELECT, over `property`, `status`, `status_history` and `listing`, with parameters such as `:city`",
  example: "SELECT city, COUNT(*) AS properties FROM listing WHERE year >= :year GROUP BY city ORDER BY 2 DESC",
});

const typed = z
  .strictObject({
    type: z.enum(parameterTypes).openapi({ description: "The type of the value" }),
    value: z
      .union([z.string().max(10_000), z.number(), z.boolean(), z.null()])
      .openapi({ description: "The value; as a string where it must be exact" }),
  })
  .openapi("TypedValue", { description: "A value with its type, for what JSON has no type of" });

/** The body of `POST /sql`. */
export const sqlBody = z
  .strictObject({
    sql: sqlText,
    params: z
      .record(z.string(), z.union([z.string().max(100_000), z.number(), z.boolean(), z.null(), typed]))
      .default({})
      .openapi({
        description:
          "The value of each parameter of the statement. A whole number is an integer in SQL, another number a decimal one",
        example: { year: 2015 },
      }),
  })
  .openapi("SqlStatement", { description: "A statement and its values" });

/** The values of a body as they are bound. Throws a 422 that names those that do not fit. */
export function toTypedValues(params: z.output<typeof sqlBody>["params"]): Map<string, TypedValue> {
  const values = new Map<string, TypedValue>();
  const errors: InputFault[] = [];
  for (const [name, given] of Object.entries(params)) {
    try {
      values.set(name, isTyped(given) ? fromTyped(given) : typedValue(given));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      errors.push({ path: `params.${name}`, message: error.message });
    }
  }
  const [first] = errors;
  if (first) throw new Problem("unprocessable", `${first.path}: ${first.message}`, { errors });
  return values;
}

/** The values of a saved query as they are bound. */
export function valuesOf({ params }: Pick<SavedQuery, "params">, { bound }: ParameterValues): Map<string, TypedValue> {
  return new Map(params.map(({ name, type }) => [name, { type, bound: bound.get(name) ?? null }]));
}

function isTyped(given: JsonValue | z.output<typeof typed>): given is z.output<typeof typed> {
  return typeof given === "object" && given !== null;
}

function fromTyped({ type, value }: z.output<typeof typed>): TypedValue {
  return value === null ? { type, bound: null } : readTyped(type, String(value));
}

export const explainQuery = z.strictObject({
  explain: z
    .enum(["0", "1"], "must be 0 or 1")
    .default("0")
    .openapi({ description: "1: the plan of the statement, which is not executed" }),
});

const rows = z.array(z.array(cellSchema)).openapi({
  description:
    "The rows, each an array in the order of `columns`. A number with more digits than a double holds is a string, binary data is " +
    "base64; dates and times are as stored",
});
const result = {
  columns: z
    .array(columnSchema.openapi("SqlColumn", { description: "A column of a result" }))
    .openapi({ description: "The columns in their order; two may have one name" }),
  rows,
  truncated: z.boolean().openapi({ description: "Whether there are more rows than these" }),
  truncatedBy: z
    .enum(["rows", "bytes"])
    .nullable()
    .openapi({ description: "The bound at which the rows were cut: 10,000 rows, or 4 MiB" }),
  warnings: z
    .array(
      z
        .object({
          code: z.number().int().openapi({ description: "The number of the warning in MySQL or MariaDB" }),
          message: z.string().openapi({ description: "What the server says" }),
        })
        .openapi("SqlWarning", {
          description: "A warning of the server, such as of a text that was cut or a division by zero",
        }),
    )
    .openapi({ description: "The warnings of the statement, at most 64; none when the rows were cut" }),
};
const ms = z.number().openapi({ description: "How long it took, in milliseconds" });

export const sqlResultSchema = z
  .object({ ...result, ms })
  .openapi("SqlResult", { description: "The result of a statement" });

export const queryResultSchema = z
  .object(result)
  .openapi("SavedQueryResult", { description: "The result of a saved query" });

const planStep = z.looseObject({}).openapi("PlanStep", {
  type: "object",
  description: "A step of a plan; it gets its rows from `steps`, in their order",
  required: ["operation"],
  additionalProperties: false,
  properties: {
    operation: { type: "string", description: "What it does: select, table, join, sort, group, union, subquery, …" },
    table: { type: "string", description: "The table or its alias" },
    access: { type: "string", description: "How its rows are found: const, eq_ref, ref, range, index, ALL" },
    index: { type: "string", description: "The index that is used" },
    indexColumns: { type: "array", items: { type: "string" }, description: "The columns of it that are used" },
    possibleIndexes: { type: "array", items: { type: "string" }, description: "The indexes that could be used" },
    rows: { type: "number", description: "Estimated rows, each time that it is executed" },
    keptPercent: { type: "number", description: "Estimated percentage of them that the condition keeps" },
    cost: { type: "number", description: "Estimated cost, in the unit of the server" },
    condition: { type: "string", description: "The condition on its rows" },
    notes: { type: "array", items: { type: "string" }, description: "What else the server says of it" },
    steps: {
      type: "array",
      items: { $ref: "#/components/schemas/PlanStep" },
      description: "The steps below it",
    },
  },
});

export const sqlPlanSchema = z
  .object({ plan: planStep, ms })
  .openapi("SqlPlan", { description: "The plan of a statement as a tree, of one shape for MySQL and MariaDB" });

const queryParameter = parameterSchema.openapi("QueryParameter", { description: "A parameter of a saved query" });
const isPublic = z.boolean().openapi({
  description: "Whether every account may run it, with its parameters in the API document; otherwise staff only",
});

/** The body of `PUT /queries/{query}`. */
export const queryBody = z
  .strictObject({
    sql: sqlText,
    params: parametersSchema(queryParameter),
    description: z.string().max(2000).default("").openapi({ description: "What the query is" }),
    public: isPublic.default(false),
  })
  .openapi("SavedQueryDefinition", { description: "What is saved as a query" });

export const querySchema = z
  .object({
    name: z.string().openapi({ description: "Name of the query" }),
    description: z.string().openapi({ description: "What the query is" }),
    sql: sqlText,
    params: z
      .array(queryParameter)
      .openapi({ description: "Its parameters; limits and defaults as strings, so that they are exact" }),
    columns: result.columns,
    public: isPublic,
    url: z.string().openapi({ description: "Where its rows are" }),
    changedBy: z.string().openapi({ description: "Who saved it" }),
    changedAt: z.iso.datetime().openapi({ description: "When it was saved, in UTC" }),
  })
  .openapi("SavedQuery", { description: "A saved query" });

/** A saved query as responses show it. */
export function toQueryBody(query: SavedQuery): z.output<typeof querySchema> {
  return {
    name: query.name,
    description: query.description,
    sql: query.sql,
    params: query.params.map(({ enum: values, ...rest }) => (values ? { ...rest, enum: [...values] } : rest)),
    columns: [...query.columns],
    public: query.public,
    url: `/properties/queries/${query.name}/rows`,
    changedBy: query.changedBy,
    changedAt: query.changedAt.toISOString(),
  };
}
