import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import { errorResponse, jsonResponse, Problem, type ServiceEnv } from "@quintet/http";
import { type Inferred, inferTable } from "../csv/infer.ts";
import type { Deps } from "../deps.ts";
import { readLead } from "../loads/settle-file.ts";
import { columnTypes } from "../tables/table.ts";
import { declaredEncoding } from "../upload/file-in-body.ts";
import { csvQuery } from "./csv.ts";
import { dialectGiven, dialectQuery, settledDialectSchema } from "./dialect-query.ts";
import { bodyFile } from "./source-file.ts";
import { tableSchema } from "./table-schema.ts";

/** How long the beginning of a file is waited for. */
export const waitMs = 5000;
/** The greatest length of a text in a key. */
export const maxKeyLength = 255;

const inferredSchema = z
  .object({
    dialect: settledDialectSchema.describe("How the file is written; each part can be sent as a parameter of a load"),
    confidence: z.number().describe("How certain the dialect is, 0 to 1"),
    doubts: z.array(z.string()).readonly().describe("What is uncertain, and what to send to say otherwise"),
    schema: tableSchema.describe("A table that fits the file, for `PUT /ingest/tables/{name}`"),
    map: z
      .record(z.string(), z.string())
      .nullable()
      .describe("The `map` of a load, where columns have other names than in the header; null where none has"),
    columns: z
      .array(
        z.object({
          name: z.string().describe("Name of the column in the schema"),
          header: z.string().nullable().describe("Its name in the header; null without a header"),
          type: z.enum(columnTypes).describe("The narrowest type that has all values that were read"),
          examples: z.array(z.string()).describe("The first different values"),
          missing: z.number().int().describe("Rows without a value"),
        }),
      )
      .describe("What was seen in each column"),
    rows: z.number().int().describe("How many rows were read, at most 500"),
    sample: z.array(z.array(z.string())).describe("The first rows as they are in the file"),
  })
  .openapi("InferredTable", { description: "What a file was found to be" });

/** Adds `POST /infer`: what a file is, without anything being made. */
export function addInferRoute(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const guard = guards(deps.auth);
  return app.openapi(
    createRoute({
      ...guard.staff("ingest:write"),
      method: "post",
      path: "/infer",
      tags: ["ingest"],
      summary: "Propose a table for a file",
      description:
        "Staff only. Reads the first 64 KiB of a CSV file, in the body as for a load, and proposes its dialect and a table that fits it, " +
        "with what is uncertain. A Parquet file tells the types of its columns itself. Nothing is made and nothing is stored.",
      request: {
        query: z.strictObject({ header: csvQuery.shape.header, ...dialectQuery }),
        body: {
          required: true,
          content: {
            "text/csv": { schema: { type: "string", format: "binary" } },
            "multipart/form-data": {
              schema: {
                type: "object",
                properties: { file: { type: "string", format: "binary", description: "The CSV file" } },
                required: ["file"],
              },
            },
          },
        },
      },
      responses: {
        200: jsonResponse(inferredSchema, "What the file was found to be"),
        422: errorResponse("The file is not one of rows, or its encoding cannot be told"),
      },
    }),
    async (c) => {
      const { header, ...query } = c.req.valid("query");
      const declared = declaredEncoding(c.req.header("content-type"));
      const given = { ...(declared !== undefined && { encoding: declared }), ...dialectGiven(query) };
      const file = await bodyFile(c);
      try {
        const read = await readLead({ first: Buffer.alloc(0), file }, waitMs);
        const found = inferTable(read, { given: { ...given, ...file.dialect }, header, typed: file.columns });
        if ("refusal" in found) {
          const errors = [{ path: found.parameter, message: found.refusal }];
          throw new Problem("unprocessable", `No table fits: ${found.refusal}.`, { errors });
        }
        return c.json(toResponse(found), 200);
      } finally {
        await file.return?.();
      }
    },
  );
}

function toResponse({ columns, primaryKey, dialect, ...found }: Inferred): z.infer<typeof inferredSchema> {
  const isOnce = (header: string) => columns.filter((column) => column.header === header).length === 1;
  const renamed = columns.filter(({ name, header }) => header !== null && header !== name && isOnce(header));
  return {
    ...found,
    dialect,
    schema: {
      fields: columns.map(({ name, type, zoned, precision, scale }) => ({
        name,
        type,
        ...(scale !== undefined && { precision, scale }),
        ...(type === "datetime" && { zoned }),
        ...(primaryKey.includes(name) && {
          constraints: { required: true, ...(type === "string" && { maxLength: maxKeyLength }) },
        }),
      })),
      primaryKey,
      missingValues: [...dialect.missing],
    },
    map: renamed.length === 0 ? null : Object.fromEntries(renamed.map(({ name, header }) => [header, name])),
    columns: columns.map(({ zoned: _, precision: _digits, scale: _places, ...column }) => column),
  };
}
