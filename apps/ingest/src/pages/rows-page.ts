import type { Html } from "@quintet/pages";
import { html } from "hono/html";
import type { TableRow } from "../rows/row-values.ts";
import { home, newLoadPath } from "./frame.ts";
import { grid, pageLinks } from "./lists.ts";

export interface RowsShown {
  table: string;
  columns: readonly string[];
  rows: readonly TableRow[];
  pages: { first?: string | undefined; next?: string | undefined };
  isStaff: boolean;
}

/** The rows of a table. */
export function rowsPage({ table, columns, rows, pages, isStaff }: RowsShown): Html {
  return html`<p class="back"><a href="${home}">Overview</a></p>
      <h1>${table}</h1>
      ${rows.length === 0 ? empty(table, pages.first !== undefined, isStaff) : valueGrid(`Rows of ${table}`, columns, rows)}
      ${pageLinks(`rows of ${table}`, pages)}
      ${
        isStaff
          ? html`<p class="actions"><a class="button" href="${newLoadPath}?table=${table}">Load a file</a>
        <a class="button quiet danger" href="${home}/tables/${table}/actions/empty">Delete all rows</a></p>`
          : ""
      }`;
}

function empty(table: string, isLater: boolean, isStaff: boolean): Html {
  if (isLater) return html`<p class="empty">There are no more rows.</p>`;
  return html`<p class="empty">The table has no rows.${isStaff ? html` <a href="${newLoadPath}?table=${table}">Load a file into it</a>` : ""}</p>`;
}

/** Rows with a value in each column, as a spreadsheet shows them. */
export function valueGrid(caption: string, columns: readonly string[], rows: readonly Record<string, unknown>[]): Html {
  return grid({
    caption,
    columns,
    rows: rows.map((row) => html`<tr>${columns.map((column) => valueCell(row[column]))}</tr>`),
  });
}

/** Longer values are broken into lines. */
const longValue = 40;

function valueCell(value: unknown): Html {
  if (value === null || value === undefined) return html`<td><span class="hint">–</span></td>`;
  if (typeof value === "number" || typeof value === "bigint") return html`<td class="number">${String(value)}</td>`;
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return html`<td${text.length > longValue ? html` class="long"` : ""}>${text}</td>`;
}
