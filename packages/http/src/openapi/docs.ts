import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Hono } from "hono";
import { html } from "hono/html";

/** The OAuth client id of the documentation pages, which the issuer of their own origin accepts without a registration. */
export const docsClientId = "quintet-docs";
/** Where the issuer redirects the window in which the user has allowed the documentation to act for them. */
export const docsRedirectPath = "/auth/docs/oauth2-redirect.html";

const script = "text/javascript; charset=utf-8";
const style = "text/css; charset=utf-8";

/** The files of Swagger UI that the page needs, and those beside it in `docs/`, each with its type. */
const swaggerFiles = { "swagger-ui.css": style, "swagger-ui-bundle.js": script, "favicon-32x32.png": "image/png" };
const ownFiles = { "style.css": style, "start.js": script, "return.js": script };

const headers = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  // An address of the redirect page contains an authorization code.
  "Referrer-Policy": "strict-origin",
};

/**
 * The browsable documentation: `/` is the page, `/assets/*` its files, all served from here; `/oauth2-redirect.html` is where the
 * issuer redirects the window of its sign-in.
 * `base` is the path where it is mounted (`/docs`), `document` the path of the OpenAPI document that it shows.
 */
export function docsPages(options: { title: string; base: string; document: string }): Hono {
  const { title, base, document } = options;
  const icon = html`<link rel="icon" href="${base}/assets/favicon-32x32.png" />`;
  const pages = new Hono();
  pages.get("/", (c) =>
    c.html(
      html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title} · API documentation</title>
    ${icon}
    <link rel="stylesheet" href="${base}/assets/swagger-ui.css" />
    <link rel="stylesheet" href="${base}/assets/style.css" />
  </head>
  <body>
    <nav class="home" aria-label="Quintet"><a href="/">Quintet home</a></nav>
    <main id="docs"></main>
    <noscript>This page needs JavaScript. The document itself is at <a href="${document}">${document}</a>.</noscript>
    <script src="${base}/assets/swagger-ui-bundle.js"></script>
    <script src="${base}/assets/start.js" data-document="${document}" data-client="${docsClientId}" data-redirect="${docsRedirectPath}"></script>
  </body>
</html>`,
      200,
      headers,
    ),
  );
  pages.get("/oauth2-redirect.html", (c) =>
    c.html(
      html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>${title} · signed in</title>
    ${icon}
    <script src="${base}/assets/return.js" data-client="${docsClientId}" defer></script>
  </head>
  <body>
    <p>You may close this window.</p>
  </body>
</html>`,
      200,
      { ...headers, "Cache-Control": "no-store" },
    ),
  );
  const serve = (folder: string, files: Record<string, string>, cacheControl: string) => {
    for (const [name, type] of Object.entries(files)) {
      pages.get(`/assets/${name}`, async (c) => {
        const content = await readFile(join(folder, name));
        return c.body(content, 200, { "Content-Type": type, "Cache-Control": cacheControl });
      });
    }
  };
  const swagger = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  serve(swagger, swaggerFiles, "public, max-age=86400");
  serve(join(import.meta.dirname, "docs"), ownFiles, "no-cache");
  return pages;
}
