import type { Parameter, ResultColumn } from "@quintet/db";
import type { SavedQuery } from "./saved-query.ts";

interface Operation {
  parameters?: object[];
  responses: Record<string, { description?: string; content?: Record<string, { schema: object }> }>;
}

interface Document {
  paths: Record<string, Record<string, object>>;
}

const template = "/properties/queries/{query}/rows";

/**
 * The API document with an operation for each of the saved queries: its parameters, and its rows as arrays of its columns. Everything else
 * of an operation is that of the route for all.
 */
export function withTypedOperations<D extends Document>(document: D, queries: readonly SavedQuery[]): D {
  const all = document.paths[template]?.get as Operation | undefined;
  if (!all || queries.length === 0) return document;
  const typed = queries.map((query) => [template.replace("{query}", query.name), { get: typedOperation(all, query) }]);
  return { ...document, paths: { ...document.paths, ...Object.fromEntries(typed) } };
}

function typedOperation(all: Operation, query: SavedQuery): object {
  const ok = all.responses["200"];
  const result = ok?.content?.["application/json"]?.schema;
  const words = query.name.split(/[^a-z0-9]+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return {
    ...all,
    operationId: `getPropertiesQuery${words.join("")}Rows`,
    summary: `Run the saved query ${query.name}`,
    description: query.description === "" ? "A saved query." : query.description,
    parameters: query.params.map(parameterOf),
    responses: {
      ...Object.fromEntries(Object.entries(all.responses).filter(([status]) => status !== "404")),
      200: { ...ok, content: { "application/json": { schema: { allOf: [result, rowsOf(query.columns)] } } } },
    },
  };
}

function parameterOf({ name, type, required, description, ...rules }: Parameter): object {
  const { minimum, maximum, maxLength, default: value } = rules;
  const isNumber = type === "integer" || type === "number";
  const exact = (text: string | undefined) => {
    const number = Number(text);
    return text !== undefined && isNumber && String(number) === text ? number : undefined;
  };
  const plain = (text: string) => (type === "boolean" ? text === "true" : (exact(text) ?? text));
  const formats: Partial<Record<Parameter["type"], string>> = { date: "date", datetime: "date-time" };
  const schema = {
    type: isNumber || type === "boolean" ? type : "string",
    format: formats[type],
    minimum: exact(minimum),
    maximum: exact(maximum),
    maxLength: type === "string" ? (maxLength ?? 1000) : undefined,
    enum: rules.enum?.map(plain),
    default: value === undefined ? undefined : plain(value),
  };
  return {
    name,
    in: "query",
    required,
    description: description ?? `The value of :${name}`,
    schema: Object.fromEntries(Object.entries(schema).filter(([, rule]) => rule !== undefined)),
  };
}

/** The rows as arrays with a value for each column, by JSON Schema 2020-12. */
function rowsOf(columns: readonly ResultColumn[]): object {
  const prefixItems = columns.map(({ name, type }) => ({
    title: name,
    description: `\`${name}\`, ${type}`,
    type: type === "integer" || type === "number" ? [type, "string", "null"] : ["string", "null"],
  }));
  const row = { type: "array", prefixItems, items: false, minItems: columns.length, maxItems: columns.length };
  return {
    type: "object",
    properties: {
      rows: { type: "array", description: `Each row has ${columns.map(({ name }) => name).join(", ")}`, items: row },
    },
  };
}
