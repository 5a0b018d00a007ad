import { type Html, plural } from "@quintet/pages";
import { html } from "hono/html";
import type { FileLook, SampleRow } from "../loads/look-at-file.ts";
import type { Table } from "../tables/table.ts";
import { grid } from "./lists.ts";

/** What a file was taken for: its columns, its first rows, and what would be rejected. */
export function fileLook(table: Table, { skippedLines, fields, rows }: FileLook): Html {
  const names = table.columns.map(({ name }) => name);
  const wrong = rows.filter(({ fault }) => fault !== undefined).length;
  return html`<section class="below" aria-labelledby="found">
          <h2 id="found" tabindex="-1">What the file was taken for</h2>
          <p>${skippedLines === 0 ? "No header: columns are assigned by position." : `The rows start after line ${skippedLines}.`}
            ${wrong === 0 ? "" : html`<strong>${wrong} of the first ${plural(rows.length, "row")} would be rejected.</strong>`}</p>
          ${
            rows.length === 0
              ? html`<p class="empty">The file has no rows.</p>`
              : grid({
                  caption: "The first rows",
                  columns: [
                    "Line",
                    ...table.columns.map(({ name, type }, i) => `${name} (${type}, field ${fields[i]})`),
                  ],
                  rows: rows.map((row) => sampleRow(row, names)),
                })
          }
        </section>`;
}

function sampleRow({ line, values, fault }: SampleRow, names: readonly string[]): Html {
  const whole = fault && !names.includes(fault.column) ? html`<br /><span class="fault">${fault.reason}</span>` : "";
  const cells = values.map((value, i) => {
    const isWrong = fault !== undefined && fault.column === names[i];
    return html`<td${isWrong ? html` class="wrong"` : ""}>${value}${isWrong ? html`<br /><span class="fault">${fault.reason}</span>` : ""}</td>`;
  });
  return html`<tr><th scope="row">${line}${whole}</th>${cells}</tr>`;
}
