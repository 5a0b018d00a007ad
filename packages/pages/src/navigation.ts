import type { AppLink } from "@quintet/http";
import { html } from "hono/html";
import type { Html } from "./html.ts";

/** The navigation of every page: home, each app, the docs. In a narrow window it is behind a button that needs no script. */
export function siteNavigation(apps: readonly AppLink[], path: string): Html {
  const links = [
    { title: "Home", href: "/", isHere: path === "/" },
    ...apps.map(({ name, title, href }) => ({
      title,
      href,
      isHere: path === `/${name}` || path.startsWith(`/${name}/`),
    })),
    { title: "Docs", href: "/docs", isHere: path === "/docs" },
  ];
  const mark = (href: string) => html` aria-current="${href === path ? "page" : "true"}"`;
  return html`<nav class="site-nav" aria-label="Quintet">
          <details class="menu">
            <summary>Menu</summary>
            <ul>
              ${links.map(({ title, href, isHere }) => html`<li><a href="${href}"${isHere ? mark(href) : ""}>${title}</a></li>`)}
            </ul>
          </details>
        </nav>`;
}
