import type { FormField, Html, Refusal, Texts } from "@quintet/pages";
import { faultOf, faultSummary, hidden } from "@quintet/pages";
import { html } from "hono/html";
import { home, newLoadPath, newTablePath } from "./frame.ts";

/** A field of the form: what becomes of rows, how the file is written, or what is rarely needed. */
export interface LoadField extends FormField {
  group: "rows" | "writing" | "rare";
  /** Usual values of a field in which any other can be typed. */
  suggestions?: readonly string[];
}

export interface LoadFormShown {
  /** The names of the tables. */
  tables: readonly string[];
  /** How a file may be loaded, one field for each parameter of the API. */
  options: readonly LoadField[];
  /** What was chosen, by the names of the fields, and the table. */
  texts: Texts;
  /** Identifies the load: the form that is sent twice loads once, and one that was cut off is resumed. */
  key: string;
  refusal?: Refusal | undefined;
  /** What the file was taken for, once it was looked at. */
  found?: Html | undefined;
}

/**
 * The form that loads a file. The fields come before the file, so that the server knows them when it arrives; `load-file.js` puts the file
 * first, and looks at it as soon as it is chosen.
 */
export function loadFormPage({ tables, options, texts, key, refusal, found }: LoadFormShown): Html {
  const faults = refusal?.faults ?? [];
  const labels = Object.fromEntries([
    ["table", "Table"],
    ["file", "File"],
    ...options.map(({ name, label }) => [name, label]),
  ]);
  const inGroup = (group: LoadField["group"]) => options.filter((option) => option.group === group);
  const inputs = (group: LoadField["group"]) =>
    inGroup(group).map((option) => input(option, texts[option.name] ?? "", faults));
  const isOpen = (group: LoadField["group"]) =>
    inGroup(group).some(({ name, options: [first = [""]] = [] }) => {
      const text = texts[name] ?? "";
      return faultOf(faults, name) !== undefined || (text !== "" && text !== first[0]);
    });
  const more = (group: LoadField["group"], summary: string) =>
    html`<details${isOpen(group) ? html` open` : ""}><summary>${summary}</summary><div class="fields"><div class="pair">${inputs(group)}</div></div></details>`;
  const fileFault = faultOf(faults, "file");
  return html`<p class="back"><a href="${home}">Overview</a></p>
      <h1>Load a file</h1>
      ${refusal ? faultSummary(refusal.heading, faults, labels) : ""}
      <form class="sheet" method="post" action="${newLoadPath}" enctype="multipart/form-data" data-load-file>
        ${hidden("key", key)}
        ${texts.map === undefined ? "" : hidden("map", texts.map)}
        <div class="fields">
          ${select(
            "table",
            "Table",
            tables.map((name) => [name, name]),
            texts.table ?? "",
            faultOf(faults, "table"),
            html`<a href="${newTablePath}">New table from a file</a>`,
          )}
          ${inputs("rows")}
          <div data-found>${found ?? ""}</div>
          ${more("writing", "How the file is written")}
          ${more("rare", "More options")}
          <div class="field drop">
            <label for="file">File</label>
            <p class="hint" id="file-hint">${found === undefined ? "CSV, NDJSON, an Excel workbook, also compressed." : "Choose the file again."}</p>
            <input id="file" name="file" type="file" required aria-describedby="file-hint${fileFault ? " file-fault" : ""}"${fileFault ? html` aria-invalid="true"` : ""} />
            ${fileFault ? html`<p class="fault" id="file-fault">${fileFault}</p>` : ""}
          </div>
        </div>
        <div class="progress" hidden><progress max="1" value="0" aria-label="Upload progress"></progress> <output></output></div>
        <div data-load-state></div>
        <p class="actions"><button type="submit">Load</button>
          <button class="button quiet" type="submit" formaction="${newLoadPath}/dry-run">Dry run</button>
          <button class="button quiet" type="submit" formaction="${newLoadPath}/check">Look at the file</button>
          <button class="button quiet danger" type="button" data-stop hidden>Cancel the load</button></p>
      </form>`;
}

function input({ suggestions, ...option }: LoadField, value: string, faults: Refusal["faults"]): Html {
  const { name, label, hint, options } = option;
  const fault = faultOf(faults, name);
  if (options !== undefined) return select(name, label, options, value, fault, hint);
  const described = describedBy(name, hint, fault);
  return html`<div class="field"><label for="${name}">${label}</label>
            ${hint === undefined ? "" : html`<p class="hint" id="${name}-hint">${hint}</p>`}
            <input id="${name}" name="${name}" type="text" value="${value}"${suggestions === undefined ? "" : html` list="${name}-list" placeholder="As found"`} autocomplete="off" autocapitalize="none" spellcheck="false"${fault === undefined ? "" : html` aria-invalid="true"`}${described} />
            ${suggestions === undefined ? "" : html`<datalist id="${name}-list">${suggestions.map((text) => html`<option value="${text}"></option>`)}</datalist>`}
            ${fault === undefined ? "" : html`<p class="fault" id="${name}-fault">${fault}</p>`}</div>`;
}

function select(
  name: string,
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  value: string,
  fault: string | undefined,
  hint?: string | Html,
): Html {
  return html`<div class="field"><label for="${name}">${label}</label>
            ${hint === undefined ? "" : html`<p class="hint" id="${name}-hint">${hint}</p>`}
            <select id="${name}" name="${name}"${fault === undefined ? "" : html` aria-invalid="true"`}${describedBy(name, hint, fault)}>
              ${options.map(([option, text]) => html`<option value="${option}"${option === value ? html` selected` : ""}>${text}</option>`)}
            </select>
            ${fault === undefined ? "" : html`<p class="fault" id="${name}-fault">${fault}</p>`}</div>`;
}

/** The hint and the fault of a field, as an attribute for screen readers. */
function describedBy(name: string, hint: string | Html | undefined, fault: string | undefined): Html | "" {
  const ids = [hint === undefined ? "" : `${name}-hint`, fault === undefined ? "" : `${name}-fault`];
  const described = ids.filter((id) => id !== "").join(" ");
  return described === "" ? "" : html` aria-describedby="${described}"`;
}
