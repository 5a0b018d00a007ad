import type { HealthReport, HealthStatus } from "@quintet/http";
import { type Html, shownTime } from "@quintet/pages";
import { html } from "hono/html";
import type { Upstream } from "../routing/upstream.ts";
import { healthReason, unhealthySince } from "./app-health.ts";
import { plots } from "./plots.ts";
import type { Figures } from "./traffic.ts";

/** What each app is for, in a line, and its page for people where it has one. */
const about: Record<string, { line: string; page?: { href: string; label: string } }> = {
  auth: {
    line: "Accounts: one sign-in for every app.",
    page: { href: "/auth/account", label: "Your account" },
  },
  properties: { line: "Real-estate listings with filters, status history and likes." },
  ingest: { line: "CSV files in, rejected rows with their reason, Avro backups, hiring reports." },
  directory: {
    line: "A million users, found by any part of a name.",
    page: { href: "/directory", label: "Open directory" },
  },
  queue: { line: "Messages first in, first out, with leases, delays and dead letters." },
  social: { line: "Posts and votes." },
};

const words: Record<HealthStatus, string> = { ok: "Well", degraded: "Degraded", failing: "Not well" };
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

/** The first page: what is served here, whether it is well, how much it has to do, and where to go on. */
export function homePage({ states, inside, at }: { states: AppState[]; inside: Inside | undefined; at: Date }): Html {
  return html`<h1>Five services, one URL</h1>
      <p class="lead">Every call of every app is described in <a href="/docs">the documentation</a>, which can also try them.</p>
      <div data-live-part="state" data-refresh="10">
        ${summary(states)}
        <div class="panels apps">
          ${states.map((state) => panel(state, inside !== undefined))}
        </div>
        <p class="hint notes">As of ${shownTime(at)}. ${states.some(({ figures }) => figures) ? "Figures are of the last 15 minutes, in steps of ten seconds." : "Staff sees rates and latencies here."}</p>
        ${inside ? insideFacts(inside) : ""}
      </div>`;
}

function summary(states: AppState[]): Html {
  const unwell = states.filter(({ report }) => report.status !== "ok");
  const worst = unwell.some(({ report }) => report.status === "failing") ? "failing" : "degraded";
  if (unwell.length === 0) return html`<p class="state ok" role="status">${sign("ok")} Everything is well.</p>`;
  const names = unwell.map(({ upstream }) => upstream.name).join(", ");
  return html`<p class="state ${worst}" role="status">${sign(worst)} ${unwell.length === 1 ? `${names} is` : `${names} are`} ${worst === "failing" ? "not well" : "degraded"}.</p>`;
}

function sign(status: HealthStatus): Html {
  return html`<span class="sign ${status}" aria-hidden="true">${signs[status]}</span>`;
}

function panel({ upstream, report, figures }: AppState, isStaff: boolean): Html {
  const { name, prefix } = upstream;
  const { line = "", page: own } = about[name] ?? {};
  const why = healthReason(report);
  const since = unhealthySince(report);
  return html`<section class="panel app" aria-labelledby="app-${name}">
          <div class="name"><h2 id="app-${name}">${name}</h2> <span class="state ${report.status}">${sign(report.status)} ${words[report.status]}</span></div>
          <p>${line}</p>
          ${why ? html`<p class="why">${why}${since ? html`, since ${shownTime(since)}` : ""}</p>` : ""}
          ${figures ? plots(name, figures) : ""}
          ${isStaff ? whereabouts(upstream) : ""}
          <p class="ways">${own ? html`<a href="${own.href}">${own.label}</a> · ` : ""}<a href="${prefix}/docs">API of ${name}</a> · <a href="${prefix}/health">Health<span class="hidden"> of ${name}</span></a></p>
        </section>`;
}

/** Where an app runs: in the gateway's own process, or at which addresses, and which of these take requests. */
function whereabouts({ targets }: Upstream): Html {
  const found = targets?.();
  if (found === undefined) return html`<p class="hint">Runs in the gateway's process.</p>`;
  return html`<ul class="targets" aria-label="Targets">
            ${found.map(({ origin, state, inFlight }) => html`<li><code>${origin}</code> ${state === "healthy" ? "" : html`<strong>${state}</strong>, `}${inFlight} under way</li>`)}
          </ul>`;
}

function insideFacts({ version, since, pid, processes }: Inside): Html {
  return html`<dl class="facts inside">
          <dt>Version</dt><dd>${version}, Node ${process.versions.node}</dd>
          <dt>Up since</dt><dd>${shownTime(since)}, process ${pid}</dd>
          <dt>Figures of</dt><dd>${processes === 1 ? "one gateway process" : `${processes} gateway processes`}</dd>
        </dl>`;
}
