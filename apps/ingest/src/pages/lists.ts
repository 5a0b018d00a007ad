import type { Html } from "@quintet/pages";
import { html } from "hono/html";

interface ListTable {
  /** What the table has, for screen readers. */
  caption: string;
  /** The headings; a column of buttons has none. */
  columns: readonly string[];
  rows: readonly Html[];
}

/** A table of things; in a narrow window a list. */
export function listTable({ caption, columns, rows }: ListTable): Html {
  return html`<div class="table"><table>
          <caption class="hidden">${caption}</caption>
          <thead><tr>${columns.map((column) => html`<th scope="col">${column === "" ? html`<span class="hidden">Action</span>` : column}</th>`)}</tr></thead>
          <tbody>
            ${rows}
          </tbody>
        </table></div>`;
}

/** A cell with its heading, which is shown where the table is a list. */
export function cell(heading: string, value: string | Html): Html {
  return html`<td><span class="narrow-label">${heading}</span> ${value}</td>`;
}

/** Values in columns, as in a spreadsheet: it is scrolled to the side where it does not fit. */
export function grid({ caption, columns, rows }: ListTable): Html {
  return html`<div class="table grid" role="region" aria-label="${caption}" tabindex="0"><table>
          <thead><tr>${columns.map((column) => html`<th scope="col">${column === "" ? html`<span class="hidden">What</span>` : column}</th>`)}</tr></thead>
          <tbody>
            ${rows}
          </tbody>
        </table></div>`;
}

/** The ways to the first and the next page of a list. */
export function pageLinks(of: string, links: { first?: string | undefined; next?: string | undefined }): Html | "" {
  const { first, next } = links;
  if (first === undefined && next === undefined) return "";
  return html`<nav class="pages" aria-label="Pages of ${of}"><ul>
          ${first === undefined ? "" : html`<li><a href="${first}">First page</a></li>`}
          ${next === undefined ? "" : html`<li><a href="${next}" rel="next">Next page</a></li>`}
        </ul></nav>`;
}

/** The addresses of the first and the next page of a list, with its filters. */
export function pagesOf(
  path: string,
  query: Record<string, string | readonly string[] | undefined>,
  at: { cursor?: string | undefined; next: string | null },
) {
  const filters = Object.entries(query).flatMap(([name, values]) =>
    [values ?? []].flat().flatMap((value): [string, string][] => (value === "" ? [] : [[name, value]])),
  );
  const to = (more: Record<string, string>) => {
    const text = new URLSearchParams([...filters, ...Object.entries(more)]).toString();
    return text === "" ? path : `${path}?${text}`;
  };
  return {
    first: at.cursor === undefined ? undefined : to({}),
    next: at.next === null ? undefined : to({ cursor: at.next }),
  };
}
