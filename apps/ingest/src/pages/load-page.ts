import { counted, duration, type Html, polled, shownTime, size } from "@quintet/pages";
import { html } from "hono/html";
import type { Load } from "../loads/load.ts";
import { loadPath, loadsPath, rowsPath } from "./frame.ts";
import { stateTag } from "./loads-page.ts";

export interface LoadShown {
  load: Load;
  isStaff: boolean;
}

/** One load: how far it is, what became of its rows, and what may be done with it. */
export function loadPage({ load, isStaff }: LoadShown): Html {
  const { id, table, status } = load;
  const isRunning = status === "running";
  return html`<p class="back"><a href="${loadsPath}">Loads</a></p>
      <h1>Load ${id}</h1>
      <div ${polled("load", !isRunning, 1)} data-load>
        <p class="lead">${stateTag(load)} into <a href="${rowsPath(table)}">${table}</a></p>
        ${isRunning ? progress(load) : outcome(load)}
        ${counts(load)}
        ${actions(load, isStaff)}
      </div>`;
}

/** How far a load is. */
function progress({ received, bytes, ms }: Load): Html {
  const perSecond = ms > 0 ? Math.round((received / ms) * 1000) : 0;
  return html`<p>${counted(received)} rows, ${size(bytes)}${perSecond > 0 ? `, ${counted(perSecond)} rows per second` : ""}.</p>`;
}

const outcomes: Partial<Record<Load["status"], string>> = {
  failed: "The file was refused as a whole, and nothing of it is stored.",
  "cut off": "The file did not arrive to its end. What is stored stays. Send the same file again to load the rest.",
  cancelled: "The load was cancelled. What is stored stays.",
};

function outcome({ status, dryRun }: Load): Html | "" {
  const text = status === "done" && dryRun ? "Nothing was stored: this is what a load would do." : outcomes[status];
  return text === undefined ? "" : html`<p>${text}</p>`;
}

function counts(load: Load): Html {
  const { received, inserted, updated, rejected, staged, bytes, ms, mode, createdBy, startedAt, finishedAt } = load;
  const shown: [string, string | Html][] = [
    ["Received", `${counted(received)} rows, ${size(bytes)}`],
    ["Inserted", counted(inserted)],
    ...(updated > 0 || mode !== "insert" ? ([["Updated", counted(updated)]] as [string, string][]) : []),
    ...(staged > 0 ? ([["Staged", counted(staged)]] as [string, string][]) : []),
    ["Rejected", rejected > 0 ? html`<a href="${load.rejectsUrl}">${counted(rejected)}</a>` : "0"],
    ["Started", html`${shownTime(startedAt)} by ${createdBy}`],
    ...(finishedAt === null ? [] : ([["Took", duration(ms / 1000)]] as [string, string][])),
  ];
  return html`<dl class="facts">${shown.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function actions({ id, status, rejected, rejectsUrl }: Load, isStaff: boolean): Html | "" {
  const canCancel = isStaff && (status === "running" || status === "cut off");
  if (!canCancel && rejected === 0) return "";
  return html`<p class="actions">
          ${rejected > 0 ? html`<a class="button quiet" href="${rejectsUrl}">Rejected rows</a>` : ""}
          ${canCancel ? html`<a class="button quiet danger" href="${loadPath(id)}/actions/cancel">Cancel the load</a>` : ""}
        </p>`;
}
