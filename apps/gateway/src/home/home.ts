import { createRoute, z } from "@hono/zod-openapi";
import { type Auth, guards, type MaybeAccountEnv, signedInAs } from "@quintet/auth";
import { version } from "@quintet/host";
import {
  createService,
  htmlContent,
  type Logger,
  metricsText,
  metricsType,
  noQuery,
  openApiDocument,
} from "@quintet/http";
import { page, pageFrame, pageHeaders, prefersHtml } from "@quintet/pages";
import type { Peers } from "@quintet/workers";
import type { Upstream } from "../routing/upstream.ts";
import { appHealth, checkApp, gatewayHealth } from "./app-health.ts";
import { homePage } from "./home-page.ts";
import { mergedDocument } from "./merged-document.ts";
import type { SharedTraffic } from "./shared-traffic.ts";
import { figuresOf } from "./traffic.ts";

const homeAppSchema = z
  .object({
    name: z.string().openapi({ description: "The name of the app" }),
    path: z.string().openapi({ description: "The path prefix of the app" }),
    docs: z.string().openapi({ description: "The path of its documentation" }),
    health: z.string().openapi({ description: "The path of its health check" }),
  })
  .openapi("HomeApp");

const homeSchema = z
  .object({
    name: z.string().openapi({ description: "The name of the server" }),
    version: z.string().openapi({ description: "The version of the server" }),
    docs: z.string().openapi({ description: "The path of the documentation" }),
    apps: z.array(homeAppSchema).openapi({ description: "The apps at this URL" }),
  })
  .openapi("Home");

const homeRoute = createRoute({
  method: "get",
  path: "/",
  tags: ["gateway"],
  security: [],
  summary: "Server information",
  request: noQuery,
  responses: {
    200: {
      description: "The apps at this URL, with links to their documentation and health. Browsers get the home page.",
      content: { "application/json": { schema: homeSchema }, ...htmlContent },
    },
  },
});

export interface HomeOptions {
  log: Logger;
  corsOrigins: string[];
  auth: Auth;
  traffic: SharedTraffic;
  /** Whether rates and latencies are public; otherwise only staff sees them. */
  publicFigures: boolean;
  /** The workers whose metrics are combined. */
  peers?: Peers | undefined;
}

/** The gateway's own routes: the home page, the health of all apps, metrics for staff, and the merged OpenAPI document and its page. */
export function createHome(upstreams: Upstream[], options: HomeOptions) {
  const { log, corsOrigins, auth, traffic } = options;
  const since = new Date();
  const title = "Quintet";
  const tags = { gateway: "The gateway itself: server information, health and metrics" };
  const apps = upstreams.filter((upstream) => !upstream.prefix.startsWith("/."));
  const frame = pageFrame({ prefix: "/", name: "Home", signedInAs: signedInAs(auth) });
  const home = createService({
    title,
    version,
    prefix: "/",
    frame,
    log,
    corsOrigins,
    checks: Object.fromEntries(apps.map((upstream) => [upstream.name, () => checkApp(upstream)])),
    overallHealth: gatewayHealth,
    document: mergedDocument({ upstreams: apps, own: () => openApiDocument(home, { title, version, tags }), log }),
  });
  const maybeSignedIn = guards(auth).anyone().middleware;
  home.use("/", (c, next) => (prefersHtml(c.req.header("accept"), false) ? maybeSignedIn(c as never, next) : next()));
  home.openapi(homeRoute, async (c) => {
    c.header("Vary", "Accept");
    if (prefersHtml(c.req.header("accept"), false)) {
      const { account } = c.var as MaybeAccountEnv["Variables"];
      const isStaff = account?.isStaff === true;
      const { steps, processes } = await traffic.read();
      const shown = isStaff || options.publicFigures;
      const states = apps.map(async (upstream) => {
        const figures = shown ? figuresOf(upstream.name, steps) : undefined;
        return { upstream, report: await appHealth(upstream), figures };
      });
      for (const [name, value] of Object.entries(pageHeaders)) c.header(name, value);
      c.header("Cache-Control", "private, no-store");
      const inside = isStaff ? { version, since, pid: process.pid, processes } : undefined;
      const found = { states: await Promise.all(states), inside, at: new Date() };
      return c.html(await page(c, frame, { title: "Home", body: homePage(found), scripts: ["refresh.js"] }), 200);
    }
    const listed = apps.map(({ name, prefix }) => ({
      name,
      path: prefix,
      docs: `${prefix}/docs`,
      health: `${prefix}/health`,
    }));
    return c.json({ name: title, version, docs: "/docs", apps: listed }, 200);
  });
  home.openapi(
    createRoute({
      ...guards(auth).staff("metrics:read"),
      method: "get",
      path: "/metrics",
      tags: ["gateway"],
      summary: "Get metrics",
      description: "Staff only. The metrics of all worker processes of this gateway, combined.",
      request: noQuery,
      responses: {
        200: {
          description: "Metrics in the Prometheus text format 0.0.4",
          content: {
            "text/plain": { schema: z.string().openapi({ description: "One line per metric and label set" }) },
          },
        },
      },
    }),
    async (c) =>
      c.text(await metricsText(options.peers), 200, { "Content-Type": metricsType, "Cache-Control": "no-store" }),
  );
  return home;
}
