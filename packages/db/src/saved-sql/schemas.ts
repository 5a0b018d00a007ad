import { z } from "@hono/zod-openapi";
import { type Parameter, parameterTypes } from "./parameters.ts";
import { resultTypes } from "./result-columns.ts";

/** The names of SQL that is saved; their columns are ASCII, and the server refuses to compare those with some other texts. */
export const savedSqlName = /^[a-z0-9][a-z0-9_-]{0,63}$/;
export const savedSqlNameRule = "must be 1 to 64 of a-z, 0-9, - and _, and begin with a letter or digit";

const limit = z.union([z.string().max(80), z.number()]);

/** A parameter in the body of a request. */
export const parameterSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, "must be 1 to 64 letters, digits and _, and begin with a letter")
    .describe("Its name in the query; in the SQL with a colon before it: `:year`"),
  type: z.enum(parameterTypes).default("string").describe("What its values are; a `number` is exact"),
  required: z
    .boolean()
    .optional()
    .describe("Whether a request must give it; true by default, false when there is a `default`. Otherwise it is NULL"),
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
});

/** The parameters in the body of a request; `parameter` is their schema, with its name in the document. */
export function parametersSchema<S extends z.ZodType<{ name: string }>>(parameter: S) {
  return z
    .array(parameter)
    .max(50)
    .default([])
    .refine((params) => new Set(params.map(({ name }) => name)).size === params.length, "must not have a name twice")
    .describe("The parameters that the statements use");
}

/** Parameters of a body as they are saved: limits as texts. */
export function toParameters(params: readonly z.output<typeof parameterSchema>[]): Parameter[] {
  return params.map(({ default: value, minimum, maximum, enum: values, ...rest }) => ({
    ...rest,
    required: rest.required ?? value === undefined,
    default: value === undefined ? undefined : String(value),
    minimum: minimum === undefined ? undefined : String(minimum),
    maximum: maximum === undefined ? undefined : String(maximum),
    enum: values?.map(String),
  }));
}

/** A column of a result. */
export const columnSchema = z.object({
  name: z.string().describe("Name of the column"),
  type: z.enum(resultTypes).describe("What its values are; `binary`: base64"),
});

/** A value of a result. */
export const cellSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);
