import { faultSummary, type Html, type Refusal, uploadForm } from "@quintet/pages";
import { html } from "hono/html";
import { backupsPath } from "./frame.ts";

/** The form that uploads an Avro file as a backup of a table. */
export function backupUploadPage(shown: {
  tables: readonly string[];
  /** The table that is chosen. */
  table: string;
  refusal?: Refusal | undefined;
}): Html {
  const { tables, table, refusal } = shown;
  return html`<p class="back"><a href="${backupsPath}">Backups</a></p>
      <h1>Upload a backup</h1>
      ${refusal ? faultSummary(refusal.heading, refusal.faults, { file: "File", table: "Table" }) : ""}
      <p>An Avro file that was made anywhere becomes a backup of a table, if its fields and rows fit. The table is not changed until you restore it.</p>
      ${uploadForm({
        action: `${backupsPath}/actions/upload`,
        name: "file",
        label: "Avro file",
        hint: "An object container file, with rows in any order.",
        accept: ".avro,application/avro",
        before: html`<div class="field"><label for="table">Table</label>
          <select id="table" name="table">${tables.map((name) => html`<option${name === table ? html` selected` : ""}>${name}</option>`)}</select></div>`,
        submit: "Upload",
      })}`;
}
