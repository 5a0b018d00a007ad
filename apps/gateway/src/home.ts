import { createRoute, z } from "@hono/zod-openapi";
import { createService, type Logger, openApiDocument, pageContent } from "@quintet/http";
import { pageAssets, pageHeaders, prefersHtml } from "@quintet/pages";
import { homePage } from "./home-page.ts";
import { mergedDocument } from "./merged-document.ts";
import type { Upstream } from "./upstream.ts";

const version = "0.1.0";

const homeSchema = z
  .object({
    name: z.string(),
    version: z.string(),
    docs: z.string(),
    apps: z.array(z.object({ name: z.string(), path: z.string(), docs: z.string(), health: z.string() })),
  })
  .openapi("Home");

const homeRoute = createRoute({
  method: "get",
  path: "/",
  tags: ["gateway"],
  security: [],
  summary: "What is served here",
  request: { query: z.strictObject({}) },
  responses: {
    200: {
      description: "The apps behind this URL; a page for a browser",
      content: { "application/json": { schema: homeSchema }, ...pageContent },
    },
  },
});

/** The gateway's own routes: what is served here, health of all apps, one document of all apps and its page. */
export function createHome(upstreams: Upstream[], options: { log: Logger; corsOrigins: string[] }) {
  const { log, corsOrigins } = options;
  const title = "Quintet";
  const apps = upstreams.filter((upstream) => !upstream.prefix.startsWith("/."));
  const home = createService({
    title,
    version,
    prefix: "/",
    log,
    corsOrigins,
    checks: Object.fromEntries(apps.map((upstream) => [upstream.name, () => isWell(upstream)])),
    document: mergedDocument(apps, () => openApiDocument(home, { title, version }), log),
  });
  const assets = pageAssets("/");
  home.route("/assets", assets.routes);
  home.openapi(homeRoute, async (c) => {
    c.header("Vary", "Accept");
    if (prefersHtml(c.req.header("accept"), false)) {
      const states = apps.map(async (upstream) => {
        const well = await isWell(upstream).then(
          () => true,
          () => false,
        );
        return { upstream, well };
      });
      for (const [name, value] of Object.entries(pageHeaders)) c.header(name, value);
      return c.html(homePage(assets, await Promise.all(states)), 200);
    }
    const listed = apps.map(({ name, prefix }) => ({
      name,
      path: prefix,
      docs: `${prefix}/docs`,
      health: `${prefix}/health`,
    }));
    return c.json({ name: title, version, docs: "/docs", apps: listed }, 200);
  });
  return home;
}

async function isWell({ prefix, get }: Upstream): Promise<void> {
  const answer = await get(`${prefix}/health`);
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`${prefix}/health answered ${answer.status}`);
}
