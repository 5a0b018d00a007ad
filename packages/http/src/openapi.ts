import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { ServiceEnv } from "./types.ts";

/** The schema of every error answer, under one name in every document. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    instance: z.string(),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .openapi("Problem");

/** A JSON answer for a route's `responses`. */
export function jsonAnswer<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { "application/json": { schema } } };
}

/** A required JSON body for a route's `request`. */
export function jsonBody<S extends z.ZodType>(schema: S) {
  return { body: { required: true as const, content: { "application/json": { schema } } } };
}

/**
 * A required JSON body that the handler reads by itself, for a route's `request`: `schema` stands in the document, `T` is what a typed
 * client sends, and nothing is checked before the handler.
 */
export function unreadJson<T>(schema: object) {
  return jsonBody(schema as unknown as z.ZodType<never, T>);
}

/** The content of an answer that is a page. It stands beside `application/json` without widening its type. */
export const pageContent = { "text/html": { schema: { type: "string" as const } } };

/** A required form body (`application/x-www-form-urlencoded`) for a route's `request`. */
export function formBody<S extends z.ZodType>(schema: S) {
  return { body: { required: true as const, content: { "application/x-www-form-urlencoded": { schema } } } };
}

interface Operation {
  operationId?: string;
  responses?: Record<string, unknown>;
}

/** A name for an operation that names its method and path: `GET /queue/queues/{name}` is `getQueueQueuesByName`. */
function operationIdOf(method: string, path: string): string {
  const words = path.split(/[^\w{}]+/).filter((word) => word !== "");
  const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
  return (
    method + words.map((word) => (word.startsWith("{") ? `By${capital(word.slice(1, -1))}` : capital(word))).join("")
  );
}

const anyProblem = {
  description: "The request was refused; the problem says why",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

/** Gives every operation a name, and the answer that any of them may have. */
function completed(path: string, item: Record<string, unknown>): Record<string, unknown> {
  const complete = ([method, value]: [string, unknown]): [string, unknown] => {
    if (!["get", "put", "post", "delete", "patch"].includes(method)) return [method, value];
    const operation = value as Operation;
    const refusals = Object.keys(operation.responses ?? {}).some((status) => status.startsWith("4"));
    const responses = refusals ? operation.responses : { ...operation.responses, "4XX": anyProblem };
    return [method, { operationId: operationIdOf(method, path), ...operation, responses }];
  };
  return Object.fromEntries(Object.entries(item).map(complete));
}

/** The OpenAPI 3.1 document of an app; the security schemes are the same for all. */
export function openApiDocument(app: OpenAPIHono<ServiceEnv>, info: { title: string; version: string }) {
  app.openAPIRegistry.register("Problem", problemSchema);
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { ...info, license: { name: "MIT", url: "https://opensource.org/license/mit" } },
    servers: [{ url: "/" }],
  });
  const paths = Object.entries(document.paths ?? {}).map(([path, item]) => [path, completed(path, { ...item })]);
  return {
    ...document,
    paths: Object.fromEntries(paths) as Record<string, Record<string, unknown>>,
    components: {
      ...document.components,
      securitySchemes: {
        basic: { type: "http" as const, scheme: "basic" },
        bearer: { type: "http" as const, scheme: "bearer", bearerFormat: "JWT" },
      },
    },
  };
}
