import type { FormField, Html, Refusal, Texts } from "@quintet/pages";
import { faultOf, faultSummary, field, hidden } from "@quintet/pages";
import { html } from "hono/html";
import { home, newLoadPath, newTablePath } from "./frame.ts";

export interface LoadFormShown {
  /** The names of the tables. */
  tables: readonly string[];
  /** How a file may be loaded, one field for each parameter of the API. */
  options: readonly FormField[];
  /** What was chosen, by the names of the fields, and the table. */
  texts: Texts;
  /** Identifies the load: the form that is sent twice loads once, and one that was cut off is resumed. */
  key: string;
  refusal?: Refusal | undefined;
  /** What the file was taken for, once it was looked at. */
  found?: Html | undefined;
}

/** The form that loads a file. The fields come before the file, so that the server knows them when it arrives. */
export function loadFormPage({ tables, options, texts, key, refusal, found }: LoadFormShown): Html {
  const faults = refusal?.faults ?? [];
  const labels = Object.fromEntries([
    ["table", "Table"],
    ["file", "File"],
    ...options.map(({ name, label }) => [name, label]),
  ]);
  const given = options.some(({ name }) => faultOf(faults, name) !== undefined);
  const chosen = options.some(({ name, options: [first] = [] }) => (texts[name] ?? "") !== (first?.[0] ?? ""));
  return html`<p class="back"><a href="${home}">Overview</a></p>
      <h1>Load a file</h1>
      ${refusal ? faultSummary(refusal.heading, faults, labels) : ""}
      <form class="sheet" method="post" action="${newLoadPath}" enctype="multipart/form-data" data-load-file>
        ${hidden("key", key)}
        <div class="fields">
          ${select(
            "table",
            "Table",
            tables.map((name) => [name, name]),
            texts.table ?? "",
            faultOf(faults, "table"),
            html`<a href="${newTablePath}">New table from a file</a>`,
          )}
          <details${given || chosen ? html` open` : ""}><summary>Options</summary><div class="fields">
            ${options.map((option) => input(option, texts[option.name] ?? "", faults))}
          </div></details>
          <div class="field drop">
            <label for="file">File</label>
            <p class="hint" id="file-hint">${found === undefined ? "CSV, with or without a header." : "Choose the file again."}</p>
            <input id="file" name="file" type="file" required aria-describedby="file-hint${faultOf(faults, "file") ? " file-fault" : ""}"${faultOf(faults, "file") ? html` aria-invalid="true"` : ""} />
            ${faultOf(faults, "file") ? html`<p class="fault" id="file-fault">${faultOf(faults, "file")}</p>` : ""}
          </div>
        </div>
        <div data-found>${found ?? ""}</div>
        <div class="progress" hidden><progress max="1" value="0" aria-label="Upload progress"></progress> <output></output></div>
        <div data-load-state></div>
        <p class="actions"><button type="submit">Load</button>
          <button class="button quiet" type="submit" formaction="${newLoadPath}/dry-run">Dry run</button>
          <button class="button quiet" type="submit" formaction="${newLoadPath}/check">Look at the file</button>
          <button class="button quiet danger" type="button" data-stop hidden>Cancel the load</button></p>
      </form>`;
}

function input(option: FormField, value: string, faults: Refusal["faults"]): Html {
  const { name, label, hint, options } = option;
  const fault = faultOf(faults, name);
  return options === undefined ? field({ ...option, value, fault }) : select(name, label, options, value, fault, hint);
}

function select(
  name: string,
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  value: string,
  fault: string | undefined,
  hint?: string | Html,
): Html {
  const described = [hint === undefined ? "" : `${name}-hint`, fault === undefined ? "" : `${name}-fault`]
    .filter((id) => id !== "")
    .join(" ");
  return html`<div class="field"><label for="${name}">${label}</label>
            ${hint === undefined ? "" : html`<p class="hint" id="${name}-hint">${hint}</p>`}
            <select id="${name}" name="${name}"${fault === undefined ? "" : html` aria-invalid="true"`}${described === "" ? "" : html` aria-describedby="${described}"`}>
              ${options.map(([option, text]) => html`<option value="${option}"${option === value ? html` selected` : ""}>${text}</option>`)}
            </select>
            ${fault === undefined ? "" : html`<p class="fault" id="${name}-fault">${fault}</p>`}</div>`;
}
