import { faultOf, faultSummary, field, type Html, hidden, plural, type Refusal, uploadForm } from "@quintet/pages";
import { html } from "hono/html";
import type { Inferred } from "../csv/infer.ts";
import { columnTypes } from "../tables/table.ts";
import { dialectText } from "./file-look.ts";
import { home, newTablePath } from "./frame.ts";
import { cell, grid, listTable } from "./lists.ts";

/** A column as the form has it. */
export interface ColumnChoice {
  name: string;
  /** Its name in the header of the file; empty without a header. */
  header: string;
  type: string;
  /** Of a datetime: whether it is a moment. */
  zoned: boolean;
  inKey: boolean;
  required: boolean;
  /** A few of its values in the file. */
  examples: string;
}

/** A table as the form has it. */
export interface TableChoice {
  name: string;
  columns: readonly ColumnChoice[];
  /** Texts in files that are no value. */
  missingValues: readonly string[];
}

const title = "New table from a file";
const back = html`<p class="back"><a href="${home}">Overview</a></p>`;

/** The form that sends a file, from which a table is proposed. */
export function tableFilePage(refusal?: Refusal): Html {
  return html`${back}
      <h1>${title}</h1>
      ${refusal ? faultSummary(refusal.heading, refusal.faults, { file: "File" }) : ""}
      ${uploadForm({
        action: `${newTablePath}/check`,
        name: "file",
        label: "File",
        hint: "CSV with or without a header, an Excel workbook, or Parquet. Nothing is stored yet: you see a table that fits the file, and can change it.",
        submit: "Propose a table",
      })}`;
}

/** The form that makes a table, with what the file was taken for as long as that is known. */
export function newTablePage(table: TableChoice, shown: { found?: Inferred; refusal?: Refusal }): Html {
  const { found, refusal } = shown;
  const faults = (refusal?.faults ?? []).map(({ path, message }) => ({ path: fieldOf(path), message }));
  const labels = Object.fromEntries([
    ["name", "Name of the table"],
    ["key", "Key"],
    ...table.columns.map(({ name }, at) => [`column-${at}`, `Column ${at + 1} (${name})`]),
  ]);
  const keyFault = faultOf(faults, "key");
  return html`${back}
      <h1>${title}</h1>
      ${refusal ? faultSummary(refusal.heading, faults, labels) : ""}
      ${found ? fileFound(found) : ""}
      <form class="below" method="post" action="${newTablePath}">
        ${table.missingValues.map((text) => hidden("missing", text))}
        <div class="fields sheet">${field({
          name: "name",
          label: "Name of the table",
          value: table.name,
          hint: "Small letters, digits and _; a letter first.",
          fault: faultOf(faults, "name"),
          maxLength: 48,
        })}</div>
        <h2 class="below">Columns</h2>
        <p class="hint">The key is what tells rows apart: one column, or several together. A row needs a value in each required column.</p>
        ${keyFault === undefined ? "" : html`<p class="fault">${keyFault}</p>`}
        ${listTable({
          caption: "Columns",
          columns: ["Name", "Type", "Key", "Required", "Values"],
          rows: table.columns.map((column, at) => columnRow(column, at, faultOf(faults, `column-${at}`))),
        })}
        <p class="hint below">Then you load the file: choose it again on the next page.</p>
        <p class="actions"><button type="submit">Make the table</button>
          <a class="button quiet" href="${newTablePath}">Another file</a></p>
      </form>`;
}

/** The field of the form that a path in the definition is about. */
function fieldOf(path: string): string {
  const [first, at] = path.split(".");
  if (first === "fields" && at !== undefined) return `column-${at}`;
  return first === "primaryKey" ? "key" : path;
}

function columnRow({ name, header, type, zoned, inKey, required, examples }: ColumnChoice, at: number, fault?: string) {
  const check = (field: "key" | "required", label: string, isChecked: boolean) =>
    html`<input type="checkbox" name="${field}" value="${at}"${field === "key" && at === 0 ? html` id="key"` : ""} aria-label="${label}: ${name}"${isChecked ? html` checked` : ""} />`;
  const wrong = fault === undefined ? "" : html` aria-invalid="true" aria-describedby="column-${at}-fault"`;
  return html`<tr>
              ${cell(
                "Name",
                html`<input id="column-${at}" name="column" value="${name}" aria-label="Name of column ${at + 1}" required maxlength="64" autocomplete="off"${wrong} />
                ${hidden("header", header)}${hidden("zoned", String(zoned))}${hidden("examples", examples)}
                ${fault === undefined ? "" : html`<span class="fault" id="column-${at}-fault">${fault}</span>`}`,
              )}
              ${cell("Type", html`<select name="type" aria-label="Type: ${name}">${columnTypes.map((one) => html`<option${one === type ? html` selected` : ""}>${one}</option>`)}</select>`)}
              ${cell("Key", check("key", "In the key", inKey))}
              ${cell("Required", check("required", "Required", required))}
              ${cell("Values", examples)}
            </tr>`;
}

function fileFound({ dialect, confidence, doubts, columns, sample, rows }: Inferred): Html {
  return html`<section aria-labelledby="found">
          <h2 id="found">What the file was taken for</h2>
          <p>${dialectText(dialect)}, ${Math.round(confidence * 100)} % certain.
            ${dialect.header ? "The first line has the names of the columns." : "No header."}
            ${plural(rows, "row")} ${rows === 1 ? "was" : "were"} read.</p>
          ${doubts.length === 0 ? "" : html`<ul>${doubts.map((doubt) => html`<li>${doubt}</li>`)}</ul>`}
          ${
            sample.length === 0
              ? html`<p class="empty">The file has no rows.</p>`
              : grid({
                  caption: "The first rows",
                  columns: columns.map(({ name, header }) => header ?? name),
                  rows: sample.map(
                    (row) => html`<tr>${row.map((value) => html`<td>${value.slice(0, 200)}</td>`)}</tr>`,
                  ),
                })
          }
        </section>`;
}
