import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Hono } from "hono";
import { html } from "hono/html";

const assets: Record<string, string> = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "favicon-32x32.png": "image/png",
};

const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

/**
 * The browsable documentation: `/` is the page, `/assets/*` what it needs, all served from here.
 * `base` is the path where it is mounted (`/docs`), `document` the path of the OpenAPI document it shows.
 */
export function docsPages(options: { title: string; base: string; document: string }): Hono {
  const { title, base, document } = options;
  const folder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const start = `window.ui = SwaggerUIBundle({ url: ${JSON.stringify(document)}, dom_id: "#docs", deepLinking: true, validatorUrl: null, persistAuthorization: false });`;
  const pages = new Hono();
  pages.get("/", (c) => {
    c.header("Content-Security-Policy", contentSecurityPolicy);
    return c.html(html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title} · API documentation</title>
    <link rel="icon" href="${base}/assets/favicon-32x32.png" />
    <link rel="stylesheet" href="${base}/assets/swagger-ui.css" />
  </head>
  <body>
    <div id="docs"></div>
    <noscript>This page needs JavaScript. The document itself is at <a href="${document}">${document}</a>.</noscript>
    <script src="${base}/assets/swagger-ui-bundle.js"></script>
    <script src="${base}/assets/start.js"></script>
  </body>
</html>`);
  });
  pages.get("/assets/start.js", (c) => c.body(start, 200, { "Content-Type": "text/javascript; charset=utf-8" }));
  for (const [name, type] of Object.entries(assets)) {
    pages.get(`/assets/${name}`, async (c) => {
      c.header("Cache-Control", "public, max-age=86400");
      return c.body(await readFile(join(folder, name)), 200, { "Content-Type": type });
    });
  }
  return pages;
}
