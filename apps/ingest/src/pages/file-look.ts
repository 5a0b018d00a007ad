import { type Html, plural } from "@quintet/pages";
import { html } from "hono/html";
import type { Dialect } from "../csv/dialect.ts";
import type { SettledFile } from "../csv/settle-dialect.ts";
import { delimiterName } from "../csv/sniff-dialect.ts";
import type { FileLook, SampleRow } from "../loads/look-at-file.ts";
import type { Table } from "../tables/table.ts";
import { grid } from "./lists.ts";

/** What a file was taken for: its columns, its first rows, and what would be rejected. */
export function fileLook(table: Table, { settled, fields, rows }: FileLook, columns: Html | "" = ""): Html {
  const names = table.columns.map(({ name }) => name);
  const doubts = settled?.doubts ?? [];
  const wrong = rows.filter(({ fault }) => fault !== undefined).length;
  return html`<section class="below" aria-labelledby="found">
          <h2 id="found" tabindex="-1">What the file was taken for</h2>
          <p>${settled ? settledText(settled) : "JSON objects, one in each line."}
            ${wrong === 0 ? "" : html`<strong>${wrong} of the first ${plural(rows.length, "row")} would be rejected.</strong>`}</p>
          ${doubts.length === 0 ? "" : html`<ul>${doubts.map((doubt) => html`<li>${doubt}</li>`)}</ul>`}
          ${columns}
          ${rows.length > 0 && columns !== "" ? html`<h3>The first rows</h3>` : ""}
          ${
            rows.length === 0
              ? html`<p class="empty">The file has no rows.</p>`
              : grid({
                  caption: "The first rows",
                  columns: [
                    "Line",
                    ...table.columns.map(
                      ({ name, type }, i) =>
                        `${name} (${type}${settled ? `, ${fields[i] === 0 ? "not in the file" : `field ${fields[i]}`}` : ""})`,
                    ),
                  ],
                  rows: rows.map((row) => sampleRow(row, names)),
                })
          }
        </section>`;
}

function settledText({ dialect, confidence, layout }: SettledFile): string {
  const header = dialect.header
    ? `The rows start after line ${layout.skipLines}.`
    : "No header: columns are assigned by position.";
  return `${dialectText(dialect)}, ${Math.round(confidence * 100)} % certain. ${header}`;
}

/** A dialect in a few words. */
export function dialectText({ delimiter, encoding, quote }: Dialect): string {
  const quotes = quote === '"' ? "" : `, ${quote === null ? "no quotes" : `quotes ${quote}`}`;
  return `Fields are separated by ${delimiterName(delimiter)}${quotes}, encoding ${encoding}`;
}

function sampleRow({ line, values, fault }: SampleRow, names: readonly string[]): Html {
  const whole = fault && !names.includes(fault.column) ? html`<br /><span class="fault">${fault.reason}</span>` : "";
  const cells = values.map((value, i) => {
    const isWrong = fault !== undefined && fault.column === names[i];
    return html`<td${isWrong ? html` class="wrong"` : ""}>${value}${isWrong ? html`${value === "" ? "" : html`<br />`}<span class="fault">${fault.reason}</span>` : ""}</td>`;
  });
  return html`<tr><th scope="row">${line}${whole}</th>${cells}</tr>`;
}
