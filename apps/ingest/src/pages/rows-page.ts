import { type Html, hidden } from "@quintet/pages";
import { html } from "hono/html";
import type { TableRow } from "../rows/row-values.ts";
import type { FilterOperator } from "../store/row-filter.ts";
import { filterPath, home, newLoadPath, rowsPath } from "./frame.ts";
import { grid, pageLinks } from "./lists.ts";

export interface RowsShown {
  table: string;
  columns: readonly string[];
  rows: readonly TableRow[];
  pages: { first?: string | undefined; next?: string | undefined };
  /** The filters that the rows pass, as in the query. */
  filters: readonly string[];
  isStaff: boolean;
}

/** The rows of a table. */
export function rowsPage({ table, columns, rows, pages, filters, isStaff }: RowsShown): Html {
  const isFiltered = filters.length > 0;
  return html`<p class="back"><a href="${home}">Overview</a></p>
      <h1>${table}</h1>
      ${rows.length === 0 && !isFiltered && pages.first === undefined ? "" : filterForm(table, columns, filters)}
      ${rows.length === 0 ? empty(table, isFiltered || pages.first !== undefined, isStaff) : valueGrid(`Rows of ${table}`, columns, rows)}
      ${pageLinks(`rows of ${table}`, pages)}
      ${rows.length === 0 ? "" : exportLinks(table, filters)}
      ${
        isStaff
          ? html`<p class="actions"><a class="button" href="${newLoadPath}?table=${table}">Load a file</a>
        <a class="button quiet danger" href="${home}/tables/${table}/actions/empty">Delete all rows</a></p>`
          : ""
      }`;
}

/** A filter to add, and those that are there, each with a link that takes it away. */
function filterForm(table: string, columns: readonly string[], filters: readonly string[]): Html {
  const without = (at: number) => filters.filter((_, other) => other !== at);
  return html`<form class="filters" role="search" action="${filterPath(table)}" method="get">
        ${filters.map((filter) => hidden("filter", filter))}
        ${choice(
          "column",
          "Column",
          columns.map((column) => [column, column]),
        )}
        ${choice("operator", "Is", Object.entries(operatorWords))}
        <div class="filter"><label for="value">Value</label>
          <input id="value" name="value" type="search" maxlength="1000" placeholder="none" autocomplete="off" autocapitalize="none" spellcheck="false" /></div>
        <button type="submit">Filter</button>
      </form>
      ${
        filters.length === 0
          ? ""
          : html`<ul class="plain-list filters-on" aria-label="Filters">${filters.map((filter, at) => html`<li><code>${filter}</code> <a href="${rowsAddress(table, without(at))}">Remove<span class="hidden"> the filter ${filter}</span></a></li>`)}</ul>`
      }`;
}

const operatorWords: Record<FilterOperator, string> = {
  "=": "equal to",
  "!=": "not equal to",
  "<": "less than",
  "<=": "at most",
  ">": "greater than",
  ">=": "at least",
  "*=": "a text with",
};

function choice(name: string, label: string, options: readonly (readonly [value: string, text: string])[]): Html {
  return html`<div class="filter"><label for="${name}">${label}</label>
          <select id="${name}" name="${name}">${options.map(([value, text]) => html`<option value="${value}">${text}</option>`)}</select></div>`;
}

/** The page with the rows that pass some filters. */
export function rowsAddress(table: string, filters: readonly string[]): string {
  const query = new URLSearchParams(filters.map((filter): [string, string] => ["filter", filter]));
  return filters.length === 0 ? rowsPath(table) : `${rowsPath(table)}?${query}`;
}

/** All rows that pass the filters, as files. */
function exportLinks(table: string, filters: readonly string[]): Html {
  const to = (format: string) =>
    `${rowsPath(table)}?${new URLSearchParams([["format", format], ...filters.map((filter): [string, string] => ["filter", filter])])}`;
  const of = filters.length > 0 ? "All rows that pass the filter" : "All rows";
  return html`<p class="below">${of}: <a href="${to("csv")}" download>CSV</a> · <a href="${to("ndjson")}" download>NDJSON</a> · <a href="${to("avro")}" download>Avro</a></p>`;
}

function empty(table: string, isLater: boolean, isStaff: boolean): Html {
  if (isLater) return html`<p class="empty">There are no such rows.</p>`;
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
