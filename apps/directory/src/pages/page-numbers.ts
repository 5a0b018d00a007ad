import type { Html } from "@quintet/pages";
import { html } from "hono/html";

/** The page numbers to show: the first, the last, those around the current one; `null` where some are left out. */
export function shownPageNumbers(current: number, last: number): (number | null)[] {
  const wanted = [1, 2, current - 2, current - 1, current, current + 1, current + 2, last - 1, last];
  const numbers = [...new Set(wanted)].filter((page) => page >= 1 && page <= last).sort((a, b) => a - b);
  return numbers.flatMap((page, i) => {
    const left = page - (numbers[i - 1] ?? page) - 1;
    if (left === 1) return [page - 1, page];
    return left > 1 ? [null, page] : [page];
  });
}

/** Links to numbered pages; nothing when there is one page only. */
export function pageNumbers(current: number, last: number, href: (page: number) => string): Html {
  if (last <= 1) return html``;
  const link = (page: number) =>
    page === current
      ? html`<li><a href="${href(page)}" aria-current="page" aria-label="Page ${page}">${page.toLocaleString("en")}</a></li>`
      : html`<li><a href="${href(page)}" aria-label="Page ${page}">${page.toLocaleString("en")}</a></li>`;
  return html`<nav class="pages" aria-label="Pages of results">
          <ul>
            ${current > 1 ? html`<li><a href="${href(Math.min(current - 1, last))}" rel="prev">Previous</a></li>` : ""}
            ${shownPageNumbers(current, last).map((page) => (page === null ? html`<li><span class="gap" aria-hidden="true">…</span></li>` : link(page)))}
            ${current < last ? html`<li><a href="${href(current + 1)}" rel="next">Next</a></li>` : ""}
          </ul>
        </nav>`;
}
