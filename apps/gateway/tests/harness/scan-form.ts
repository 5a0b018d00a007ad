import type { OpenApiDocument, Operation } from "./operations.ts";

type Schema = Record<string, unknown>;

/** An HTML form for one operation, whose fields are its parameters (`path.id`, `query.limit`) and those of its body (`body.title`). */
export function formOf(
  document: OpenApiDocument,
  operation: Operation,
  action: string,
  values: Record<string, string>,
): string {
  const described = document.paths[operation.template]?.[operation.method.toLowerCase()];
  const content = described?.requestBody?.content ?? {};
  const json = propertiesOf(document, content["application/json"]?.schema);
  const form = propertiesOf(document, content["application/x-www-form-urlencoded"]?.schema);
  const fields: [name: string, value: string][] = [
    ...operation.pathParameters.map((name): [string, string] => [`path.${name}`, values[name] ?? "1"]),
    ...operation.queryParameters.map((name): [string, string] => [`query.${name}`, values[name] ?? "1"]),
  ];
  if (operation.fields) for (const [name, schema] of json) fields.push([`body.${name}`, exampleOf(schema)]);
  else if (operation.takesJson) fields.push(["whole", "{}"]);
  else for (const [name, schema] of form) fields.push([`form.${name}`, exampleOf(schema)]);
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

function propertiesOf(document: OpenApiDocument, schema: Schema | undefined): [string, Schema][] {
  const name = typeof schema?.$ref === "string" ? schema.$ref.split("/").at(-1) : undefined;
  const resolved = name ? document.components?.schemas?.[name] : schema;
  return Object.entries((resolved?.properties ?? {}) as Record<string, Schema>);
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
