import type { Context } from "hono";
import { html } from "hono/html";
import type { AssetName, PageAssets } from "./assets.ts";
import type { Html } from "./html.ts";
import { type Visitor, visitorArea } from "./visitor.ts";

/** What all pages of one app have in common. */
export interface PageSection {
  assets: PageAssets;
  /** The app's name and the path of its first page. */
  name: string;
  home: string;
  links: { label: string; href: string }[];
  /** Who is signed in, for pages that no guard stands in front of; nobody unless told. */
  signedInAs?: (c: Context) => Promise<{ username: string } | undefined>;
}

export interface PageContent {
  title: string;
  body: Html;
  /** The path that is being shown; the link that leads there is marked. */
  current?: string;
  /** Who looks at it: shown at the top, with the way to sign in or out. Without it nothing of the kind is shown. */
  visitor?: Visitor;
  scripts?: AssetName[];
}

/**
 * The headers of a page: nothing but the files of this origin runs in it, it stands in no frame, and forms tell their
 * origin (`no-referrer` would make it `null`).
 */
export const pageHeaders: Record<string, string> = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
};

/** A whole page in the look that all share: a head, the section's links, the body, a foot. */
export function page(section: PageSection, content: PageContent): Html {
  const { assets, name, home, links } = section;
  const { title, body, current, visitor, scripts = [] } = content;
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${title === name ? title : `${title} · ${name}`} · Quintet</title>
    <link rel="icon" type="image/svg+xml" href="${assets.url("icon.svg")}" />
    <link rel="stylesheet" href="${assets.url("style.css")}" />
    ${scripts.map((script) => html`<script type="module" src="${assets.url(script)}"></script>`)}
  </head>
  <body>
    <a class="skip" href="#main">Skip to the content</a>
    <header class="top">
      <div class="wide">
        <a class="brand" href="${home}"><img src="${assets.url("icon.svg")}" alt="" width="24" height="24" /><span>Quintet</span> <span class="section">${name}</span></a>
        <nav class="links" aria-label="${name}">
          <ul>
            ${links.map(({ label, href }) => html`<li><a href="${href}"${current === href ? html` aria-current="page"` : ""}>${label}</a></li>`)}
          </ul>
        </nav>
        ${visitor ? visitorArea(visitor) : ""}
      </div>
    </header>
    <main id="main" class="wide">
      ${body}
    </main>
    <footer><p class="wide foot">Quintet · ${name}</p></footer>
  </body>
</html>`;
}
