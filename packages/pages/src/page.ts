import type { ServiceEnv } from "@quintet/http";
import { html } from "hono/html";
import { onlyApp } from "./apps.ts";
import type { AssetName } from "./assets.ts";
import type { PageFrame, PageRequest, SectionLink } from "./frame.ts";
import type { Html } from "./html.ts";
import { siteNavigation } from "./navigation.ts";
import { takeNotice } from "./notices.ts";
import { type Visitor, visitorArea, visitorOf } from "./visitor.ts";

export interface PageContent {
  title: string;
  body: Html;
  scripts?: AssetName[];
  /** Stylesheets beside that of all pages. */
  styles?: AssetName[];
  /** Links beside those of the frame, such as those of staff. */
  links?: readonly SectionLink[];
}

/**
 * The headers of a page: nothing but the files of this origin runs in it, it stands in no frame, and forms send their
 * origin (`no-referrer` would make it `null`).
 */
export const pageHeaders: Record<string, string> = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
};

/** The policy of `pageHeaders` that admits images of another origin as well, such as `https://*.tiles.example.org`. */
export function policyWithImages(origin: string): string {
  return pageHeaders["Content-Security-Policy"]!.replace("img-src 'self' data:", `img-src 'self' data: ${origin}`);
}

/**
 * A whole page: the navigation that all pages share, the app's own links, the body, a footer. It shows who is signed in, and once the
 * notice that the request before it left (`leaveNotice`).
 */
export async function page(c: PageRequest, frame: PageFrame, content: PageContent): Promise<string> {
  const visitor = await visitorOf(c, frame);
  const notice = takeNotice(c);
  return pageText(frame, { ...content, visitor, notice, path: c.req.path, apps: c.env?.apps });
}

interface Framed extends PageContent {
  /** Nobody can be known where a problem is answered before any app has the request. */
  visitor: Visitor | undefined;
  notice?: string | undefined;
  path: string;
  apps: ServiceEnv["Bindings"]["apps"];
}

/** The text of a page whose visitor is known, or cannot be. */
export function pageText(frame: PageFrame, content: Framed): string {
  const { files, name, prefix } = frame;
  const { title, body, path, visitor, notice, scripts = [], styles = [], apps = onlyApp(prefix.slice(1)) } = content;
  const isStaff = visitor !== undefined && "username" in visitor && visitor.isStaff === true;
  const links = [...frame.links, ...(content.links ?? [])].filter(({ staff }) => !staff || isStaff);
  const text = html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${[...new Set([title, name, "Quintet"])].join(" · ")}</title>
    <link rel="icon" type="image/svg+xml" href="${files.url("icon.svg")}" />
    <link rel="stylesheet" href="${files.url("style.css")}" />
    ${styles.map((style) => html`<link rel="stylesheet" href="${files.url(style)}" />`)}
    ${scripts.map((script) => html`<script type="module" src="${files.url(script)}"></script>`)}
  </head>
  <body>
    <a class="skip" href="#main">Skip to the content</a>
    <header class="top">
      <div class="wide site">
        <a class="brand" href="/"><img src="${files.url("icon.svg")}" alt="" width="24" height="24" /><span>Quintet</span></a>
        ${siteNavigation(apps, path)}
        ${visitorArea(visitor)}
      </div>
      ${links.length > 0 ? sectionLinks(frame, links, path) : ""}
    </header>
    <main id="main" class="wide">
      ${notice === undefined ? "" : html`<div class="done" role="status"><p>${notice}</p></div>`}
      ${body}
    </main>
    <footer><p class="wide foot">${[...new Set(["Quintet", name])].join(" · ")}</p></footer>
  </body>
</html>`;
  return text.toString();
}

/** The app's name and its own pages, below the navigation. */
function sectionLinks({ name }: PageFrame, links: readonly SectionLink[], path: string): Html {
  return html`<nav class="wide links" aria-label="${name}">
        <ul>
          <li class="section">${name}</li>
          ${links.map(({ label, href }) => html`<li><a href="${href}"${path === href ? html` aria-current="page"` : ""}>${label}</a></li>`)}
        </ul>
      </nav>`;
}
