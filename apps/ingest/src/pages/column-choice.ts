import { type Html, hidden } from "@quintet/pages";
import { html } from "hono/html";
import { plainName } from "../csv/header.ts";
import type { InferredColumn } from "../csv/infer.ts";
import type { Table } from "../tables/table.ts";
import { cell, listTable } from "./lists.ts";

/** The choice of a column of the file about which nothing has been said. */
export const notAssigned = "?";

/** A column of the file as it was found. */
export type FileColumn = Pick<InferredColumn, "header" | "type" | "examples">;

/** The columns of a file with a header, and for each the choice of the column of the table that it goes into. */
export function columnChoice(
  table: Table,
  columns: readonly FileColumn[],
  { map, leavesOut }: { map: Readonly<Record<string, string>>; leavesOut: boolean },
): Html | "" {
  if (columns.length === 0 || columns.some(({ header }) => header === null)) return "";
  const mapped = new Map(Object.entries(map).map(([from, to]) => [plainName(from), to]));
  const own = new Map(table.columns.map(({ name }) => [plainName(name), name]));
  const rows = columns.map(({ header, type, examples }, at) => {
    const from = header ?? "";
    const into = mapped.get(plainName(from)) ?? own.get(plainName(from)) ?? (leavesOut ? "" : notAssigned);
    return html`<tr>
              <th scope="row">${from === "" ? html`<span class="hint">Column ${at + 1}</span>` : from}${hidden(`from.${at}`, from)}</th>
              ${cell("Values", html`${examples.map((value) => value.slice(0, 40)).join(", ")} <span class="hint">${type}</span>`)}
              ${cell("Goes into", choice(table, at, from, into))}
            </tr>`;
  });
  return html`<h3>Columns of the file</h3>
          ${listTable({ caption: "Columns of the file", columns: ["In the file", "Values", "Goes into"], rows })}`;
}

function choice(table: Table, at: number, from: string, into: string): Html {
  const options = [
    ...(into === notAssigned ? [[notAssigned, "Choose…"]] : []),
    ...table.columns.map(({ name, type }) => [name, `${name} (${type})`]),
    ["", "Nothing: leave it out"],
  ];
  return html`<select id="into.${at}" name="into.${at}" aria-label="Where ${from === "" ? `column ${at + 1}` : from} goes"${into === notAssigned ? html` aria-invalid="true"` : ""}>${options.map(([value, text]) => html`<option value="${value}"${value === into ? html` selected` : ""}>${text}</option>`)}</select>`;
}
