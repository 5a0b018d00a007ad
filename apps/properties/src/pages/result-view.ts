import type { JsonValue, ResultColumn } from "@quintet/db";
import { counted, type Html, plural } from "@quintet/pages";
import { html } from "hono/html";
import type { SqlResult } from "../queries/run-sql.ts";

/** Rows that a page shows; the API has all of them. */
const shownRows = 500;
/** Characters from which a value is wrapped. */
const longText = 60;

/** The rows of a statement with their exact values, how long it took and what was cut. */
export function resultView({ columns, rows, truncated, truncatedBy, warnings, ms }: SqlResult & { ms?: number }): Html {
  const bound = truncatedBy === "bytes" ? "4 MiB" : "10,000 rows";
  return html`<section class="part" aria-labelledby="rows">
        <h2 id="rows">${plural(rows.length, "row")}${ms === undefined ? "" : html` <span class="hint">in ${counted(ms)} ms</span>`}</h2>
        ${truncated ? html`<p class="cut">There are more: the result was cut at ${bound}.</p>` : ""}
        ${warnings.length === 0 ? "" : html`<ul class="granted">${warnings.map(({ code, message }) => html`<li>Warning ${code}: ${message}</li>`)}</ul>`}
        ${rows.length === 0 ? html`<p class="empty">The statement found nothing.</p>` : table(columns, rows.slice(0, shownRows))}
        ${rows.length > shownRows ? html`<p class="hint below">The first ${shownRows} rows are shown; the API has all of them.</p>` : ""}
      </section>`;
}

function table(columns: readonly ResultColumn[], rows: readonly JsonValue[][]): Html {
  return html`<div class="table grid result" role="region" aria-label="Rows" tabindex="0"><table>
          <thead><tr>${columns.map(({ name, type }) => html`<th scope="col"${isNumber(type) ? html` class="number"` : ""}>${name} <span class="hint">${type}</span></th>`)}</tr></thead>
          <tbody>
            ${rows.map(
              (row) => html`<tr>${row.map((value, at) => cell(value, columns[at]?.type ?? "string"))}</tr>
            `,
            )}
          </tbody>
        </table></div>`;
}

function cell(value: JsonValue, type: ResultColumn["type"]): Html {
  if (value === null) return html`<td><span class="hint">NULL</span></td>`;
  const text = type === "datetime" ? String(value).replace("T", " ") : String(value);
  const kind = isNumber(type) ? "number" : text.length > longText ? "long" : "";
  if (type === "binary") return html`<td class="${kind}"><code>${text}</code></td>`;
  return kind === "" ? html`<td>${text}</td>` : html`<td class="${kind}">${text}</td>`;
}

function isNumber(type: ResultColumn["type"]): boolean {
  return type === "integer" || type === "number";
}
