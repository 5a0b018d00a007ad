import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { toProblem } from "../errors/faults.ts";
import { Problem, problemBody } from "../errors/problem.ts";
import type { ServiceFrame } from "../errors/problem-pages.ts";
import { type HealthCheck, type OverallHealth, trackedHealth } from "../observability/health.ts";
import type { Logger } from "../observability/logger.ts";
import { processChecks } from "../observability/process-checks.ts";
import { requestIdOf } from "../observability/request-record.ts";
import { docsPages } from "../openapi/docs.ts";
import { jsonResponse, noQuery, openApiDocument } from "../openapi/openapi.ts";
import type { ServiceEnv } from "../service-env.ts";
import { cachedRouter } from "./cached-router.ts";
import { jsonDocument, lazy } from "./json-document.ts";
import { pageRequests } from "./matched-route.ts";
import { servicePipeline } from "./pipeline.ts";
import { rejectInvalid, validateInput } from "./route-input.ts";

export interface ServiceOptions {
  /** The app's name in documents and logs. */
  title: string;
  version: string;
  /** The groups of its operations in its document, with a description each. */
  tags?: Record<string, string>;
  /** The path prefix that the app owns, such as `/queue`; `/` for the gateway's own routes. */
  prefix: string;
  log: Logger;
  corsOrigins: string[];
  /** The checks of `{prefix}/health`, by name. */
  checks: Record<string, HealthCheck>;
  /** The status of the whole from those of the checks. Default: the worst. */
  overallHealth?: OverallHealth;
  /** The max size of a request body in bytes. Default: 1 MiB. `streams` matches the paths that read their body as a stream, without a limit. */
  maxBodyBytes?: number;
  streams?: RegExp;
  /** Paths with a larger limit than `maxBodyBytes`. */
  largeBodies?: { paths: RegExp; maxBytes: number };
  /** Matches the paths whose requests may take longer than a minute. */
  slow?: RegExp;
  /** Its pages, by which browsers see its problems. Without it every client gets problems as they are. */
  frame?: ServiceFrame;
  /** The document at `{prefix}/openapi.json`. Default: that of the app's own routes. */
  document?: () => Promise<object>;
}

const MiB = 1024 * 1024;

/**
 * A Hono app with what every service has: request ids, CORS, body limits, problem+json for every error, `{prefix}/health`,
 * `{prefix}/openapi.json` and `{prefix}/docs`. `pipeline.ts` lists what a request passes. Add routes with `.openapi()`.
 */
export function createService(options: ServiceOptions): OpenAPIHono<ServiceEnv> {
  const { title, version, prefix, log } = options;
  const app = new OpenAPIHono<ServiceEnv>({ defaultHook: rejectInvalid, router: cachedRouter() }).basePath(prefix);
  validateInput(app);
  const isForPage = pageRequests(app);
  app.onError((error, c) => answerProblem(c, error, options.frame, isForPage));
  app.notFound((c) => answerProblem(c, missing(app, c), options.frame, isForPage));
  const bodyRules = {
    maxBytes: options.maxBodyBytes ?? MiB,
    streams: options.streams,
    large: options.largeBodies,
  };
  const name = prefix === "/" ? "gateway" : prefix.slice(1);
  const health = trackedHealth(name, options.checks);
  app.use(servicePipeline(name, { log, corsOrigins: options.corsOrigins, bodyRules }));
  app.openapi(healthRoute, async (c) => {
    const report = await health(processChecks(name, options.slow), options.overallHealth);
    c.header("Cache-Control", "no-store");
    return report.status === "failing" ? c.json(report, 503) : c.json(report, 200);
  });
  const base = prefix === "/" ? "" : prefix;
  const document = options.document ?? lazy(() => openApiDocument(app, { title, version, tags: options.tags ?? {} }));
  app.get("/openapi.json", jsonDocument(document));
  if (options.frame) app.route("/assets", options.frame.assets as never);
  app.route("/docs", docsPages({ title, base: `${base}/docs`, document: `${base}/openapi.json` }) as never);
  return app;
}

const checkStatus = z.enum(["ok", "degraded", "failing"]);
const checkSchema = z
  .object({
    status: checkStatus.openapi({ description: "`degraded`: impaired, but serving" }),
    ms: z.number().openapi({ description: "How long the check took, in milliseconds; at most 2,000" }),
    why: z.string().optional().openapi({ description: "The reason, when it is not `ok` and the reason may be shown" }),
    since: z.iso.datetime().optional().openapi({ description: "When it was first seen not to be `ok`" }),
    details: z
      .record(z.string(), z.union([z.string(), z.number()]))
      .optional()
      .openapi({
        description: "Facts about the dependency, such as role, replicas and lag of a Redis that is replicated",
      }),
  })
  .openapi("HealthCheckResult");
const healthSchema = z
  .object({
    status: checkStatus.openapi({ description: "The status of the whole" }),
    checks: z.record(z.string(), checkSchema).openapi({ description: "The result of each check, by its name" }),
  })
  .openapi("Health");

const healthRoute = createRoute({
  method: "get",
  path: "/health",
  tags: ["health"],
  security: [],
  summary: "Check the health of the app and each of its stores",
  request: noQuery,
  responses: {
    200: jsonResponse(healthSchema, "Healthy, or degraded with the check named"),
    503: jsonResponse(healthSchema, "A check failed; it is named"),
  },
});

/** Any error as `application/problem+json`, for browsers as a page. A 5xx is logged with its cause. */
function answerProblem(
  c: Context<ServiceEnv>,
  error: unknown,
  frame: ServiceFrame | undefined,
  isForPage: (c: Context) => boolean,
): Response | Promise<Response> {
  const problem = toProblem(error, c.req.method);
  const requestId = c.var.requestId ?? requestIdOf(c.req.header("x-request-id"));
  if (problem.status >= 500) c.var.log?.error({ err: problem.cause ?? problem, http: { request: { id: requestId } } });
  for (const [name, value] of Object.entries(problem.headers)) c.header(name, value);
  const body = problemBody(problem, new URL(c.req.url).pathname, requestId);
  const page = frame?.problemPage(c, body, () => isForPage(c));
  return page ?? c.body(JSON.stringify(body), problem.status, { "Content-Type": "application/problem+json" });
}

/** The problem of a request without a route: 405 with `Allow` when its path has other methods (RFC 9110 section 15.5.6), else 404. */
function missing(app: OpenAPIHono<ServiceEnv>, c: Context<ServiceEnv>): Problem {
  const methods = new Set(
    app.routes
      .filter((route) => route.method !== "ALL" && pathMatches(route.path, c.req.path))
      .map((route) => route.method),
  );
  if (methods.size === 0 || methods.has(c.req.method))
    return new Problem("not-found", "There is no resource at this path.");
  const allow = [...methods].sort().join(", ");
  return new Problem("method-not-allowed", `The methods of this path are ${allow}.`, { headers: { Allow: allow } });
}

function pathMatches(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const given = path.split("/");
  return wanted.length === given.length && wanted.every((part, i) => part.startsWith(":") || part === given[i]);
}
