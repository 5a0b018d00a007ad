import type { Client } from "./client.ts";

interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  schema?: Record<string, unknown>;
}

interface Described {
  security?: Record<string, string[]>[];
  parameters?: Parameter[];
  responses?: Record<string, { content?: object }>;
  requestBody?: { required?: boolean; content: Record<string, { schema?: Record<string, unknown> }> };
}

export interface OpenApiDocument {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Described>>;
  components?: { schemas?: Record<string, Record<string, unknown>> };
}

/** One call that an app offers, as its OpenAPI document describes it. */
export interface Operation {
  /** `POST /queue/push`, as it stands in the messages of tests. */
  name: string;
  method: string;
  /** The path with `{parameters}`. */
  template: string;
  needsAccount: boolean;
  pathParameters: string[];
  queryParameters: string[];
  /** Whether it takes a JSON body, and the fields of that when it is a closed object. */
  takesJson: boolean;
  fields: string[] | undefined;
  /** Whether its body may be left out. */
  bodyIsOptional: boolean;
  /** Whether a browser gets pages from it. */
  answersPages: boolean;
  /** Whether it speaks the protocol of another service, with parameters and errors of its own. */
  ownProtocol: boolean;
  /** Whether its answer is a stream of events, which does not end. */
  streams: boolean;
}

export async function fetchDocument(client: Client, path: string): Promise<OpenApiDocument> {
  const answer = await client.get(path);
  if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}: ${answer.text.slice(0, 500)}`);
  return answer.json() as unknown as OpenApiDocument;
}

export function operationsOf(document: OpenApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, described]) => {
      const parameters = described.parameters ?? [];
      const named = (place: Parameter["in"]) => parameters.filter((one) => one.in === place).map((one) => one.name);
      const schema = described.requestBody?.content["application/json"]?.schema;
      const security = described.security ?? [];
      return {
        name: `${method.toUpperCase()} ${template}`,
        method: method.toUpperCase(),
        template,
        needsAccount: security.length > 0 && security.every((way) => Object.keys(way).length > 0),
        pathParameters: named("path"),
        queryParameters: named("query"),
        takesJson: schema !== undefined,
        fields: schema && closedFields(document, schema),
        bodyIsOptional: described.requestBody?.required !== true,
        answersPages: /"text\/html"|"303"/.test(JSON.stringify(described.responses ?? {})),
        ownProtocol: Object.hasOwn(described.responses ?? {}, "4XX"),
        streams: typesOf(described.responses?.["200"]).join() === "text/event-stream",
      };
    }),
  );
}

function typesOf(response: { content?: object } = {}): string[] {
  return Object.keys(response.content ?? {});
}

function closedFields(document: OpenApiDocument, schema: Record<string, unknown>): string[] | undefined {
  const name = typeof schema.$ref === "string" ? schema.$ref.split("/").at(-1) : undefined;
  const resolved = name ? document.components?.schemas?.[name] : schema;
  if (resolved?.additionalProperties !== false) return undefined;
  return Object.keys((resolved.properties as object | undefined) ?? {});
}

/** Values with which a path leads to a route, though not to anything that exists. */
const harmless: Record<string, string> = {
  table: "jobs",
  id: "999999",
  name: "nothing",
  query: "listings-by-city",
  report: "hired-by-quarter",
};

/** The path of an operation with harmless values, but for those given, which are put in as they are. */
export function pathOf(operation: Operation, given: Record<string, string> = {}): string {
  return operation.template.replaceAll(/\{(\w+)[^}]*\}/g, (_, name: string) => given[name] ?? harmless[name] ?? "1");
}
