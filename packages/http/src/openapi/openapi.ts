import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { ServiceEnv } from "../service/service-env.ts";
import { type Operation, sharedComponents, withErrorResponses } from "./error-responses.ts";

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

/** For the `request` of a route that takes no query parameters: one that comes is refused by name. */
export const noQuery = { query: z.strictObject({}) };

/** A JSON answer for a route's `responses`. */
export function jsonResponse<S extends z.ZodType>(schema: S, description: string) {
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
export function unvalidatedJson<T>(schema: object) {
  return jsonBody(schema as unknown as z.ZodType<never, T>);
}

/** The content of an answer that is a page. It stands beside `application/json` without widening its type. */
export const htmlContent = { "text/html": { schema: { type: "string" as const } } };

/** A required form body (`application/x-www-form-urlencoded`) for a route's `request`. */
export function formBody<S extends z.ZodType>(schema: S) {
  return { body: { required: true as const, content: { "application/x-www-form-urlencoded": { schema } } } };
}

/** A name for an operation that names its method and path: `GET /queue/queues/{name}` is `getQueueQueuesByName`. */
function operationIdOf(method: string, path: string): string {
  const words = path.split(/[^\w{}]+/).filter((word) => word !== "");
  const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
  return (
    method + words.map((word) => (word.startsWith("{") ? `By${capital(word.slice(1, -1))}` : capital(word))).join("")
  );
}

const methods = ["get", "put", "post", "delete", "patch"];

/** The operations of a path, each with a name and with the answers that any call may have. */
function completeOperations(path: string, item: Record<string, unknown>): Record<string, unknown> {
  const complete = ([method, value]: [string, unknown]): [string, unknown] => {
    if (!methods.includes(method)) return [method, value];
    const operation = withErrorResponses(method, path, value as Operation);
    return [method, { operationId: operationIdOf(method, path), ...operation, security: withOAuth(operation) }];
  };
  return Object.fromEntries(Object.entries(item).map(complete));
}

/** A bearer token may be had by the flows of OAuth too, which the documentation page knows how to walk. */
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
  /** The groups of calls, in the order in which they are shown, with what each is for. */
  tags?: Record<string, string>;
}

/** The OpenAPI 3.1 document of an app; the security schemes and the refusals are the same for all. */
export function openApiDocument(app: OpenAPIHono<ServiceEnv>, { tags = {}, ...info }: DocumentInfo) {
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
    tags: Object.entries({ ...tags, health: "Whether it is well" }).map(([name, description]) => ({
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
