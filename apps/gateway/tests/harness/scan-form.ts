import type { OpenApiDocument, Operation } from "./operations.ts";

type Schema = Record<string, unknown>;

/** What stands in the field of an optional parameter until it is attacked: then it is left out, so that the others get their turn. */
export const leftOut = "-";

/** An HTML form for one operation, whose fields are its parameters (`path.id`, `query.limit`) and those of its body (`body.title`). */
export function formOf(
  document: OpenApiDocument,
  operation: Operation,
  action: string,
  values: Record<string, string>,
): string {
  const described = document.paths[operation.template]?.[operation.method.toLowerCase()];
  const content = described?.requestBody?.content ?? {};
  const bodyOf = (type: string) => propertiesOf(document, content[type]?.schema);
  const inputOf = ({ name, schema, required }: Field) => values[name] ?? (required ? exampleOf(schema) : leftOut);
  const fields = (described?.parameters ?? [])
    .filter((one) => one.in !== "header")
    .map((one): [string, string] => [`${one.in}.${one.name}`, inputOf({ schema: {}, required: false, ...one })]);
  const own = (place: string, field: Field): [string, string] => [`${place}.${field.name}`, inputOf(field)];
  if (operation.fields) fields.push(...bodyOf("application/json").map((field) => own("body", field)));
  else if (operation.takesJson) fields.push(["whole", "{}"]);
  else fields.push(...bodyOf("application/x-www-form-urlencoded").map((field) => own("form", field)));
  const inputs = fields.map(([name, value]) => `<input name="${escaped(name)}" value="${escaped(value)}">`);
  const method = operation.method === "GET" ? "get" : "post";
  return `<form action="${action}" method="${method}">${inputs.join("")}<input type="submit"></form>`;
}

/** What a field's text stands for in a JSON body: itself, unless it is JSON of any other type. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

interface Field {
  name: string;
  schema: Schema;
  required: boolean;
}

function propertiesOf(document: OpenApiDocument, schema: Schema | undefined): Field[] {
  const ref = typeof schema?.$ref === "string" ? schema.$ref.split("/").at(-1) : undefined;
  const resolved = ref ? document.components?.schemas?.[ref] : schema;
  const required = (resolved?.required ?? []) as string[];
  const properties = Object.entries((resolved?.properties ?? {}) as Record<string, Schema>);
  return properties.map(([name, one]) => ({ name, schema: one, required: required.includes(name) }));
}

function exampleOf(schema: Schema): string {
  const [given] = [schema.example, schema.default, schema.const, (schema.enum as unknown[] | undefined)?.[0]].filter(
    (one) => one !== undefined && one !== null,
  );
  if (given !== undefined) return typeof given === "string" ? given : JSON.stringify(given);
  if (schema.format === "email") return "somebody@example.com";
  if (schema.type === "integer" || schema.type === "number") return String(schema.minimum ?? 1);
  if (schema.type === "boolean") return "true";
  if (schema.type === "array") return "[]";
  return schema.type === "object" ? "{}" : "A word";
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
