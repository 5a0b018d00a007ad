import { type Html, type PageAssets, page } from "@quintet/pages";
import { html } from "hono/html";
import type { Upstream } from "./upstream.ts";

/** What each app is for, in a line, and its page for people where it has one. */
const about: Record<string, { line: string; page?: string }> = {
  auth: { line: "Accounts: one sign-in for every app." },
  properties: { line: "Real-estate listings with filters, status history and likes." },
  ingest: { line: "CSV files in, rejected rows with their reason, Avro backups, hiring reports." },
  directory: { line: "A million users, found by any part of a name.", page: "/directory" },
  queue: { line: "Messages first in, first out, with leases, delays and dead letters." },
  social: { line: "Posts and votes." },
};

/** An app and whether its health check is good just now. */
export interface AppState {
  upstream: Upstream;
  well: boolean;
}

/** The first page: what is served here, whether it is well, and where to go on. */
export function homePage(assets: PageAssets, states: AppState[]): Html {
  const links = [
    { label: "Docs", href: "/docs" },
    { label: "Health", href: "/health" },
    { label: "Directory", href: "/directory" },
  ];
  const body = html`<h1>Five services, one URL</h1>
      <p class="lead">Every call of every app is described in <a href="/docs">the documentation</a>, which can also try them.</p>
      <div class="panels">
        ${states.map(({ upstream: { name, prefix }, well }) => {
          const { line = "", page: own } = about[name] ?? {};
          return html`<section class="panel">
          <h2>${name}</h2>
          <p>${line}</p>
          <p>${well ? "Well" : html`<strong>Not well</strong>`} · <a href="${prefix}/docs">API of ${name}</a>${own ? html` · <a href="${own}">Open ${name}</a>` : ""}</p>
        </section>`;
        })}
      </div>`;
  return page({ assets, name: "Gateway", home: "/", links }, { title: "Gateway", body, current: "/" });
}
