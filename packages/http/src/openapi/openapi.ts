import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import { type Operation, sharedComponents, withErrorResponses } from "./error-responses.ts";

const faultSchema = z
  .object({
    path: z.string().openapi({
      description: "The name of a parameter, or a dotted path into the body; empty for the whole body",
      example: "limit",
    }),
    message: z.string().openapi({ description: "What is wrong with it", example: "must be a whole number" }),
  })
  .openapi("InputFault");

/** The schema of every error response (RFC 9457), under one name in every document. */
export const problemSchema = z
  .object({
    type: z
      .string()
      .openapi({ description: "The kind of problem, as a URI", example: "urn:quintet:problem:bad-request" }),
    title: z.string().openapi({ description: "The reason phrase of the status", example: "Bad Request" }),
    status: z.number().int().openapi({ description: "The HTTP status code", example: 400 }),
    detail: z
      .string()
      .openapi({ description: "What went wrong, for a person", example: "limit: must be a whole number" }),
    instance: z.string().openapi({ description: "The path of the request, without its query" }),
    requestId: z.string().openapi({ description: "The id of the request, as in `X-Request-Id` and in the log" }),
    errors: z.array(faultSchema).optional().openapi({ description: "For invalid input: each fault, at most 100" }),
  })
  .openapi("Problem");

/** For the `request` of a route without query parameters: an unknown one is a 400 that names it. */
export const noQuery = { query: z.strictObject({}) };

/** A JSON response for a route's `responses`. */
export function jsonResponse<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { "application/json": { schema } } };
}

/** A required JSON body for a route's `request`. */
export function jsonBody<S extends z.ZodType>(schema: S) {
  return { body: { required: true as const, content: { "application/json": { schema } } } };
}

/**
 * A required JSON body that the handler reads and validates itself, for a route's `request`: `schema` goes into the document, `T` is the type
 * that a typed client sends.
 */
export function unvalidatedJson<T>(schema: object) {
  return jsonBody(schema as unknown as z.ZodType<never, T>);
}

/** The content of an HTML response. It stands beside `application/json` without widening the type of that. */
export const htmlContent = { "text/html": { schema: { type: "string" as const } } };

/** A required form body (`application/x-www-form-urlencoded`) for a route's `request`. */
export function formBody<S extends z.ZodType>(schema: S) {
  return { body: { required: true as const, content: { "application/x-www-form-urlencoded": { schema } } } };
}

/** The id of an operation, from its method and path: `GET /queue/queues/{name}` is `getQueueQueuesByName`. */
function operationIdOf(method: string, path: string): string {
  const words = path.split(/[^\w{}]+/).filter((word) => word !== "");
  const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
  return (
    method + words.map((word) => (word.startsWith("{") ? `By${capital(word.slice(1, -1))}` : capital(word))).join("")
  );
}

const methods = ["get", "put", "post", "delete", "patch"];

/** The operations of a path, each with an id and with the error responses that every operation may have. */
function completeOperations(path: string, item: Record<string, unknown>): Record<string, unknown> {
  const complete = ([method, value]: [string, unknown]): [string, unknown] => {
    if (!methods.includes(method)) return [method, value];
    const operation = withErrorResponses(method, path, value as Operation);
    return [method, { operationId: operationIdOf(method, path), ...operation, security: withOAuth(operation) }];
  };
  return Object.fromEntries(Object.entries(item).map(complete));
}

/** Adds OAuth wherever a bearer token is accepted: the documentation page obtains tokens by its flows. */
function withOAuth({ security = [] }: Operation): Record<string, string[]>[] {
  return security.flatMap((way) => (way.bearer ? [way, { oauth: way.bearer }] : [way]));
}

/** The ways to authenticate, in the order in which the documentation offers them; `scopes` are those that the document names. */
function securitySchemes(scopes: string[]) {
  const common = { refreshUrl: "/auth/token", scopes: Object.fromEntries(scopes.map((scope) => [scope, ""])) };
  return {
    oauth: {
      type: "oauth2" as const,
      flows: {
        authorizationCode: { authorizationUrl: "/auth/authorize", tokenUrl: "/auth/token", ...common },
        password: { tokenUrl: "/auth/token", ...common },
      },
    },
    bearer: { type: "http" as const, scheme: "bearer", bearerFormat: "JWT" },
    basic: { type: "http" as const, scheme: "basic" },
  };
}

/** What holds for every operation; the documentation shows it first. */
const introduction = `Authenticate with a Bearer access token or with HTTP Basic; **Authorize** does so for this page.

- **Errors** are \`application/problem+json\` (RFC 9457) with a \`requestId\`. \`errors\` names each wrong parameter or field; unknown ones are errors too.
- **Lists** take \`limit\` and \`cursor\`: send the \`nextCursor\` of a page to get the next one. It is null on the last page.
- **Retries:** send an \`Idempotency-Key\` with a POST that creates something. A repeated request then gets the first response again.
- **Limits:** a 429 or 503 has the seconds to wait in \`Retry-After\`.
- **Times** are ISO 8601 in UTC; JSON is UTF-8.`;

export interface DocumentInfo {
  title: string;
  version: string;
  /** The groups of operations in the order in which they are shown, with a description each. */
  tags?: Record<string, string>;
}

/** The OpenAPI 3.1 document of an app. Security schemes and error responses are the same for all apps. */
export function openApiDocument(
  app: Pick<OpenAPIHono, "openAPIRegistry" | "getOpenAPI31Document">,
  { tags = {}, ...info }: DocumentInfo,
) {
  app.openAPIRegistry.register("Problem", problemSchema);
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { description: introduction, ...info, license: { name: "MIT", url: "https://opensource.org/license/mit" } },
    servers: [{ url: "/" }],
  });
  const items = Object.entries(document.paths ?? {});
  const operations = items.flatMap(([, item]) => Object.values(item) as Operation[]);
  const scopes = new Set(operations.flatMap(({ security = [] }) => security.flatMap((way) => way.bearer ?? [])));
  const paths = Object.fromEntries(items.map(([path, item]) => [path, completeOperations(path, { ...item })]));
  return {
    ...document,
    tags: Object.entries({ ...tags, health: "Health checks" }).map(([name, description]) => ({
      name,
      description,
    })),
    paths,
    components: {
      ...document.components,
      ...sharedComponents(paths),
      securitySchemes: securitySchemes([...scopes].sort()),
    },
  };
}
