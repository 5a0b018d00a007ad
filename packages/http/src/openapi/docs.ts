import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Hono } from "hono";
import { html } from "hono/html";

/** The id by which the documentation pages ask the issuer of their own origin for tokens; it knows it without a registration. */
export const docsClientId = "quintet-docs";
/** Where the issuer sends the window in which somebody has let the documentation act for them. */
export const docsRedirectPath = "/auth/docs/oauth2-redirect.html";

const assets: Record<string, string> = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "favicon-32x32.png": "image/png",
};

const headers = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  // The code in an address is told to nobody.
  "Referrer-Policy": "strict-origin",
};

const icon = (base: string) => html`<link rel="icon" href="${base}/assets/favicon-32x32.png" />`;

/** What the page runs: the viewer follows the browser's colours and knows how to get tokens by OAuth. */
function startScript(document: string): string {
  const options = { url: document, dom_id: "#docs", deepLinking: true, validatorUrl: null };
  const oauth = { clientId: docsClientId, appName: "Quintet", usePkceWithAuthorizationCodeGrant: true };
  return `const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
const oauth2RedirectUrl = location.origin + ${JSON.stringify(docsRedirectPath)};
window.ui = SwaggerUIBundle({ ...${JSON.stringify(options)}, oauth2RedirectUrl });
window.ui.initOAuth(${JSON.stringify(oauth)});
new BroadcastChannel(${JSON.stringify(docsClientId)}).onmessage = ({ data }) => {
  const asked = window.swaggerUIRedirectOauth2;
  const answer = new URLSearchParams(data);
  if (!asked || answer.get("state") !== asked.state) return;
  delete window.swaggerUIRedirectOauth2;
  const { auth, redirectUrl } = asked;
  const code = answer.get("code");
  const message = answer.get("error_description") ?? answer.get("error") ?? "The issuer sent no code.";
  if (code) asked.callback({ auth: { ...auth, code }, redirectUrl });
  else asked.errCb({ authId: auth.name, source: "auth", level: "error", message });
};
`;
}

/**
 * What the page after the sign-in runs. It has no `window.opener`: the pages of the sign-in keep their window apart from whoever
 * opened it, so what the issuer answers is told to all documentation pages of this origin, and the one that asked knows its `state`.
 */
const returnScript = `new BroadcastChannel(${JSON.stringify(docsClientId)}).postMessage(location.search);
history.replaceState(null, "", location.pathname);
window.close();
`;

/**
 * The browsable documentation: `/` is the page, `/assets/*` what it needs, all served from here; `/oauth2-redirect.html` is where
 * the issuer sends the window of its sign-in back to.
 * `base` is the path where it is mounted (`/docs`), `document` the path of the OpenAPI document it shows.
 */
export function docsPages(options: { title: string; base: string; document: string }): Hono {
  const { title, base, document } = options;
  const folder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const pages = new Hono();
  pages.get("/", (c) =>
    c.html(
      html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title} · API documentation</title>
    ${icon(base)}
    <link rel="stylesheet" href="${base}/assets/swagger-ui.css" />
  </head>
  <body>
    <div id="docs"></div>
    <noscript>This page needs JavaScript. The document itself is at <a href="${document}">${document}</a>.</noscript>
    <script src="${base}/assets/swagger-ui-bundle.js"></script>
    <script src="${base}/assets/start.js"></script>
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
    ${icon(base)}
    <script src="${base}/assets/return.js" defer></script>
  </head>
  <body>
    <p>You may close this window.</p>
  </body>
</html>`,
      200,
      { ...headers, "Cache-Control": "no-store" },
    ),
  );
  for (const [name, script] of Object.entries({ "start.js": startScript(document), "return.js": returnScript })) {
    pages.get(`/assets/${name}`, (c) => c.body(script, 200, { "Content-Type": "text/javascript; charset=utf-8" }));
  }
  for (const [name, type] of Object.entries(assets)) {
    pages.get(`/assets/${name}`, async (c) => {
      c.header("Cache-Control", "public, max-age=86400");
      return c.body(await readFile(join(folder, name)), 200, { "Content-Type": type });
    });
  }
  return pages;
}
