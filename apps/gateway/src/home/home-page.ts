import type { HealthReport, HealthStatus } from "@quintet/http";
import { allApps, type Card, cards, type Html, shownTime } from "@quintet/pages";
import { html } from "hono/html";
import type { Upstream } from "../routing/upstream.ts";
import { healthReason, unhealthySince } from "./app-health.ts";
import { plots } from "./plots.ts";
import type { Figures } from "./traffic.ts";

/** What an app is for, in a line, and its page for people where it has one. */
function descriptionOf(name: string): { line: string; page?: { href: string; label: string } } {
  if (name === "auth") {
    return { line: "Accounts: one sign-in for all apps.", page: { href: "/auth/account", label: "My account" } };
  }
  const { about = "", href = "", title = name } = allApps.find((app) => app.name === name) ?? {};
  const hasPage = href !== "" && !href.endsWith("/docs");
  return { line: about, ...(hasPage && { page: { href, label: `Open ${title.toLowerCase()}` } }) };
}

const words: Record<HealthStatus, string> = { ok: "Healthy", degraded: "Degraded", failing: "Unavailable" };
/** Shapes, for those to whom the colours look alike. */
const signs: Record<HealthStatus, string> = { ok: "●", degraded: "▲", failing: "■" };

/** An app, its health, and its figures for those who may see them. */
export interface AppState {
  upstream: Upstream;
  report: HealthReport;
  figures: Figures | undefined;
}

/** What only staff sees of this process. */
export interface Inside {
  version: string;
  since: Date;
  pid: number;
  /** How many gateway processes the figures are of. */
  processes: number;
}

/** The home page: the apps, their health and figures, and the links into them. */
export function homePage({ states, inside, at }: { states: AppState[]; inside: Inside | undefined; at: Date }): Html {
  return html`<h1>Five services, one URL</h1>
      <p class="lead">The <a href="/docs">documentation</a> lists every API call and lets you try it.</p>
      <div data-live-part="state" data-refresh="10">
        ${summary(states)}
        ${cards(
          states.map((state) => cardOf(state, inside !== undefined)),
          { wide: true },
        )}
        <p class="hint notes">As of ${shownTime(at)}. ${states.some(({ figures }) => figures) ? "Figures cover the last 15 minutes." : "Staff see rates and latencies here."}</p>
        ${inside ? insideFacts(inside) : ""}
      </div>`;
}

function summary(states: AppState[]): Html {
  const unhealthy = states.filter(({ report }) => report.status !== "ok");
  const worst = unhealthy.some(({ report }) => report.status === "failing") ? "failing" : "degraded";
  if (unhealthy.length === 0) return html`<p class="state ok" role="status">${sign("ok")} All apps are healthy.</p>`;
  const names = unhealthy.map(({ upstream }) => upstream.name).join(", ");
  return html`<p class="state ${worst}" role="status">${sign(worst)} ${unhealthy.length === 1 ? `${names} is` : `${names} are`} ${worst === "failing" ? "unavailable" : "degraded"}.</p>`;
}

function sign(status: HealthStatus): Html {
  return html`<span class="sign ${status}" aria-hidden="true">${signs[status]}</span>`;
}

function cardOf({ upstream, report, figures }: AppState, isStaff: boolean): Card {
  const { name, prefix } = upstream;
  const { line, page: own } = descriptionOf(name);
  const why = healthReason(report);
  const since = unhealthySince(report);
  return {
    title: name,
    id: `app-${name}`,
    aside: html`<span class="state ${report.status}">${sign(report.status)} ${words[report.status]}</span>`,
    body: html`<p>${line}</p>
          ${why ? html`<p class="why">${why}${since ? html`, since ${shownTime(since)}` : ""}</p>` : ""}
          ${figures ? plots(name, figures) : ""}
          ${isStaff ? whereabouts(upstream) : ""}`,
    links: [
      ...(own ? [own] : []),
      { label: "API", of: name, href: `${prefix}/docs` },
      { label: "Health", of: name, href: `${prefix}/health` },
    ],
  };
}

/** Where an app runs: in the gateway's own process, or at which addresses, and which of these take requests. */
function whereabouts({ targets }: Upstream): Html {
  const found = targets?.();
  if (found === undefined) return html`<p class="hint">Runs in the gateway's process.</p>`;
  return html`<ul class="targets" aria-label="Targets">
            ${found.map(({ origin, state, inFlight }) => html`<li><code>${origin}</code> ${state === "healthy" ? "" : html`<strong>${state}</strong>, `}${inFlight} in flight</li>`)}
          </ul>`;
}

function insideFacts({ version, since, pid, processes }: Inside): Html {
  return html`<dl class="facts inside">
          <dt>Version</dt><dd>${version}, Node ${process.versions.node}</dd>
          <dt>Up since</dt><dd>${shownTime(since)}, process ${pid}</dd>
          <dt>Figures of</dt><dd>${processes === 1 ? "one gateway process" : `${processes} gateway processes`}</dd>
        </dl>`;
}
