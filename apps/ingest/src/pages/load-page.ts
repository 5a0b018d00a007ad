import { counted, duration, type Html, polled, shownTime, size } from "@quintet/pages";
import { html } from "hono/html";
import { hasEnded, type Load } from "../loads/load.ts";
import { differenceGrid } from "./difference-grid.ts";
import { dialectText } from "./file-look.ts";
import { loadPath, loadsPath, rowsPath } from "./frame.ts";
import { cell, listTable } from "./lists.ts";
import { stateTag } from "./loads-page.ts";

export interface LoadShown {
  load: Load;
  /** The columns of its table; none when that was deleted. */
  columns: readonly string[];
  /** Of a dry run: where the form is that loads the file. */
  again?: string | undefined;
  isStaff: boolean;
}

/** One load: how far it is, what became of its rows, and what may be done with it. */
export function loadPage({ load, columns, again, isStaff }: LoadShown): Html {
  const { id, table, status } = load;
  const isRunning = status === "running";
  return html`<p class="back"><a href="${loadsPath}">Loads</a></p>
      <h1>Load ${id}</h1>
      <div ${polled("load", !isRunning, 1)} data-load>
        <p class="lead">${stateTag(load)} into <a href="${rowsPath(table)}">${table}</a></p>
        ${isRunning ? progress(load) : outcome(load)}
        ${counts(load)}
        ${reasonList(load)}
        ${load.differences ? differenceGrid(load.differences, columns) : ""}
        ${actions(load, isStaff, again)}
      </div>`;
}

/** How far a load is. */
function progress({ received, bytes, bytesSent, bytesTotal, rowsPerSecond, secondsLeft }: Load): Html {
  const parts = [
    `${counted(received)} rows`,
    bytesSent !== null && bytesTotal !== null ? `${size(bytesSent)} of ${size(bytesTotal)}` : size(bytes),
    ...(rowsPerSecond ? [`${counted(rowsPerSecond)} rows per second`] : []),
    ...(secondsLeft === null ? [] : [`${duration(secondsLeft)} left`]),
  ];
  return html`${bytesSent !== null && bytesTotal ? html`<div class="progress"><progress max="${bytesTotal}" value="${bytesSent}" aria-label="Part of the file that is read"></progress></div>` : ""}<p>${parts.join(", ")}.</p>`;
}

const outcomes: Partial<Record<Load["status"], string>> = {
  failed: "The file was refused as a whole, and nothing of it is stored.",
  "cut off": "The file did not arrive to its end. What is stored stays. Send the same file again to load the rest.",
  cancelled: "The load was cancelled. What is stored stays.",
};

function outcome({ status, dryRun, undoneAt }: Load): Html | "" {
  if (undoneAt !== null)
    return html`<p>The load was undone on ${shownTime(undoneAt)}: its rows are as they were before it.</p>`;
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
    ...(load.deleted > 0 ? ([["Deleted", counted(load.deleted)]] as [string, string][]) : []),
    ["Rejected", rejected > 0 ? html`<a href="${load.rejectsUrl}">${counted(rejected)}</a>` : "0"],
    ...(load.dialect
      ? ([
          [
            "File",
            html`${dialectText(load.dialect)}${load.doubts.map((doubt) => html`<br /><span class="hint">${doubt}</span>`)}`,
          ],
        ] as [string, Html][])
      : []),
    ...(load.retryOf === null
      ? []
      : ([["Mends", html`<a href="${loadPath(load.retryOf)}">Load ${load.retryOf}</a>`]] as [string, Html][])),
    ["Started", html`${shownTime(startedAt)} by ${createdBy}`],
    ...(finishedAt === null ? [] : ([["Took", duration(ms / 1000)]] as [string, string][])),
  ];
  return html`<dl class="facts">${shown.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

/** Why rows were rejected, the most frequent reason first. */
function reasonList({ reasons }: Load): Html | "" {
  if (reasons.length === 0) return "";
  const list = listTable({
    caption: "Reasons of rejected rows",
    columns: ["Reason", "Column", "Rejected rows"],
    rows: reasons.slice(0, shownReasons).map(
      ({ code, column, count }) => html`<tr>
              <th scope="row">${code.replaceAll("-", " ")}</th>
              ${cell("Column", column === "" ? html`<span class="hint">whole row</span>` : column)}
              ${cell("Rejected rows", counted(count))}
            </tr>
            `,
    ),
  });
  return html`<div class="below">${list}</div>`;
}

const shownReasons = 20;

function actions(load: Load, isStaff: boolean, again?: string): Html | "" {
  const { id, status, rejected, rejectsUrl, dryRun, undoneAt } = load;
  const canCancel = isStaff && (status === "running" || status === "cut off");
  const canUndo = isStaff && hasEnded(status) && status !== "failed" && !dryRun && undoneAt === null;
  const canLoad = isStaff && again !== undefined;
  if (!canCancel && !canUndo && !canLoad && rejected === 0) return "";
  return html`<p class="actions">
          ${canLoad ? html`<a class="button" href="${again}">Load the file</a>` : ""}
          ${rejected > 0 ? html`<a class="button quiet" href="${rejectsUrl}">Rejected rows</a>` : ""}
          ${canCancel ? html`<a class="button quiet danger" href="${loadPath(id)}/actions/cancel">Cancel the load</a>` : ""}
          ${canUndo ? html`<a class="button quiet danger" href="${loadPath(id)}/actions/undo">Undo the load</a>` : ""}
        </p>`;
}
