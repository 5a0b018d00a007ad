import { counted, duration, type Html, polled, shownTime } from "@quintet/pages";
import { html } from "hono/html";
import type { Load } from "../loads/load.ts";
import { loadPath, newLoadPath, rowsPath } from "./frame.ts";
import { cell, listTable, pageLinks } from "./lists.ts";

export interface LoadsShown {
  loads: readonly Load[];
  pages: { first?: string | undefined; next?: string | undefined };
  isStaff: boolean;
}

/** All loads, newest first. */
export function loadsPage({ loads, pages, isStaff }: LoadsShown): Html {
  return html`<h1>Loads</h1>
      ${loads.length === 0 ? noLoads(isStaff) : loadList(loads)}
      ${pageLinks("loads", pages)}`;
}

/** What stands where there are no loads. */
export function noLoads(isStaff: boolean): Html {
  return html`<p class="empty">No file has been loaded yet.${isStaff ? html` <a href="${newLoadPath}">Load a file</a>` : ""}</p>`;
}

/** Loads as a table, which follows those that run. */
export function loadList(loads: readonly Load[]): Html {
  return listTable({
    caption: "Loads",
    columns: ["Load", "Table", "State", "Rows", "Started"],
    rows: loads.map(loadRow),
  });
}

function loadRow(load: Load): Html {
  const { id, table, createdBy, startedAt } = load;
  return html`<tr ${polled(`load-${id}`, load.status !== "running")}>
              <th scope="row"><a href="${loadPath(id)}">Load ${id}</a></th>
              ${cell("Table", html`<a href="${rowsPath(table)}">${table}</a>`)}
              <td>${stateTag(load)}</td>
              ${cell("Rows", rowSummary(load))}
              ${cell("Started", html`${shownTime(startedAt)}<br /><span class="hint">by ${createdBy}, ${duration(load.ms / 1000)}</span>`)}
            </tr>
            `;
}

const looks: Record<Load["status"], string> = {
  running: "",
  done: "ok",
  failed: "failing",
  "cut off": "degraded",
  cancelled: "degraded",
};

/** The state of a load in words, with a colour. */
export function stateTag({ status, dryRun, mode }: Pick<Load, "status" | "dryRun" | "mode">): Html {
  return html`<span class="state ${looks[status]}">${status}</span>${dryRun ? html`<span class="tag">dry run</span>` : ""}${mode === "insert" ? "" : html`<span class="tag">${mode}</span>`}`;
}

/** What became of the rows of a load. */
function rowSummary(load: Load): Html {
  const parts = (["inserted", "updated", "staged"] as const).filter((part) => load[part] > 0);
  return html`<strong>${counted(load.received)}</strong>${parts.map((part) => html`, ${counted(load[part])} ${part}`)}${load.rejected > 0 ? html`, <a href="${load.rejectsUrl}">${counted(load.rejected)} rejected</a>` : ""}`;
}
