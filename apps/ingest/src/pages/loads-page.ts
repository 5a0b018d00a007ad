import { counted, duration, filterBar, type Html, polled, shownTime } from "@quintet/pages";
import { html } from "hono/html";
import { type Load, loadStatuses } from "../loads/load.ts";
import { loadPath, loadsPath, newLoadPath, rowsPath } from "./frame.ts";
import { cell, listTable, pageLinks } from "./lists.ts";

export interface LoadsShown {
  loads: readonly Load[];
  pages: { first?: string | undefined; next?: string | undefined };
  /** The names of the tables. */
  tables: readonly string[];
  /** The filters, as in the query. */
  filter: Readonly<Record<string, string>>;
  isStaff: boolean;
}

/** Loads, newest first. */
export function loadsPage({ loads, pages, tables, filter, isStaff }: LoadsShown): Html {
  const isFiltered = ["table", "status", "createdBy", "from", "until", "retryOf"].some((name) => filter[name]);
  return html`<h1>Loads</h1>
      ${loads.length === 0 && !isFiltered ? "" : filterForm(tables, filter)}
      ${loads.length > 0 ? loadList(loads) : isFiltered ? html`<p class="empty">There are no such loads.</p>` : noLoads(isStaff)}
      ${pageLinks("loads", pages)}`;
}

function filterForm(tables: readonly string[], filter: LoadsShown["filter"]): Html {
  const { table = "", status = "", createdBy = "", from = "", until = "", retryOf = "" } = filter;
  const choices = (all: string, names: readonly string[], value: string) =>
    [["", all], ...[...new Set([...names, value])].filter(Boolean).map((name) => [name, name])] as [string, string][];
  return filterBar({
    action: loadsPath,
    filters: [
      { name: "table", label: "Table", value: table, options: choices("All tables", tables, table) },
      { name: "status", label: "State", value: status, options: choices("All states", loadStatuses, status) },
      { name: "createdBy", label: "Account", value: createdBy },
      { name: "from", label: "From", value: from, placeholder: "2026-01-31", maxLength: 40 },
      { name: "until", label: "Before", value: until, placeholder: "2026-02-28", maxLength: 40 },
    ],
    kept: retryOf === "" ? {} : { retryOf },
    submit: "Show",
  });
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
