import { type OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { inputFaults } from "../errors/input-faults.ts";
import { Problem } from "../errors/problem.ts";
import { noQuery } from "../openapi/openapi.ts";
import type { ServiceEnv } from "../service-env.ts";
import { readFormText, rejectMisencodedUrl } from "./encoded-input.ts";
import { formType, mediaTypeOf } from "./media-type.ts";
import { routePipeline } from "./pipeline.ts";

/**
 * Makes an app validate the query and the path of a request in one step and without a promise. The validators that come with `openapi()`
 * are a middleware and several promises each, which for a route without a query cost as much as its handler.
 */
export function validateInput(app: OpenAPIHono<ServiceEnv>): void {
  const add = app.openapi;
  const checked: typeof add = (given, handler, hook) => {
    const { middleware, hide, ...route }: RouteConfig & { hide?: boolean } = given;
    if (!hide) app.openAPIRegistry.registerPath(route);
    const { query, params, ...rest } = route.request ?? {};
    const form = rest.body?.content[formType];
    const hasForm = form !== undefined && "schema" in form && form.schema instanceof z.ZodType;
    const check: MiddlewareHandler<ServiceEnv> = (c, next) => {
      rejectMisencodedUrl(c.req.url);
      if (query && (query !== noQuery.query || c.req.url.includes("?"))) validate(c, "query", query, queryOf(c));
      if (params) validate(c, "param", params, c.req.param());
      return hasForm ? formValidator(c, next) : next();
    };
    // It is in the document already, with all of its inputs.
    return add(
      { ...route, hide: true, request: rest, middleware: routePipeline(middleware, check) } as never,
      handler as never,
      hook as never,
    ) as never;
  };
  app.openapi = checked;
}

/** Rejects a form that the body validator would silently repair. */
const formValidator: MiddlewareHandler<ServiceEnv> = async (c, next) => {
  if (mediaTypeOf(c.req.header("content-type")) === formType) readFormText(await c.req.text());
  return next();
};

function validate(c: Context<ServiceEnv>, target: "query" | "param", schema: z.ZodType, given: object): void {
  const { success, data, error } = schema.safeParse(given);
  if (!success) rejectInvalid({ target, success, error });
  c.req.addValidatedData(target, data as object);
}

/** The parameters of the query; repeated ones as arrays. */
function queryOf(c: Context<ServiceEnv>): Record<string, string | string[] | undefined> {
  const all = Object.entries(c.req.queries());
  return Object.fromEntries(all.map(([name, values]) => [name, values.length === 1 ? values[0] : values]));
}

interface Validated {
  target: string;
  success: boolean;
  error?: unknown;
}

/** What a whole input is called where a fault has no field. */
const wholes: Record<string, string> = { json: "The body", form: "The form", query: "The query", param: "The path" };

/** Rejects invalid input: 400 for a query, path or header, 422 for a body, each fault with its place. */
export function rejectInvalid({ target, success, error }: Validated): undefined {
  if (success || !(error instanceof z.ZodError)) return undefined;
  const inBody = target === "json" || target === "form";
  const errors = inputFaults(error, inBody ? "unknown field" : "unknown parameter");
  const texts = errors.map(({ path, message }) => (path ? `${path}: ${message}` : `${wholes[target]} ${message}`));
  throw new Problem(inBody ? "unprocessable" : "bad-request", texts.join("; "), { errors });
}
