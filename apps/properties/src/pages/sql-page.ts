import type { Parameter } from "@quintet/db";
import type { InputFault } from "@quintet/http";
import { faultSummary, type Html } from "@quintet/pages";
import { html } from "hono/html";
import type { PlanStep } from "../queries/plan.ts";
import type { SqlResult } from "../queries/run-sql.ts";
import { queriesPath, sqlPath } from "./frame.ts";
import { planView } from "./plan-view.ts";
import { resultView } from "./result-view.ts";

/** A parameter of the statement in the form: its type and its value as they were given. */
export interface SqlParameter extends Pick<Parameter, "name" | "type"> {
  value: string;
}

/** What the form of a statement has. */
export interface SqlTexts {
  sql: string;
  parameters: readonly SqlParameter[];
  /** As what it is to be saved. */
  name: string;
  description: string;
  isPublic: boolean;
}

export interface SqlShown {
  texts: SqlTexts;
  /** The tables that may be read. */
  tables: readonly string[];
  refusal?: { heading: string; faults: readonly InputFault[] } | undefined;
  /** Why nothing was run, when that is no error. */
  hint?: string | undefined;
  result?: (SqlResult & { ms: number }) | undefined;
  plan?: { plan: PlanStep; ms: number } | undefined;
}

export const emptySql: SqlTexts = {
  sql: "SELECT city, COUNT(*) AS properties, ROUND(AVG(price)) AS mean_price\nFROM listing\nWHERE year >= 2000\nGROUP BY city\nORDER BY properties DESC",
  ...{ parameters: [], name: "", description: "", isPublic: false },
};

const typeLabels: [Parameter["type"], string][] = [
  ["string", "Text"],
  ["integer", "Whole number"],
  ["number", "Decimal number"],
  ["date", "Date"],
  ["datetime", "Date and time"],
  ["boolean", "True or false"],
];

/** The page on which staff runs SQL, sees its plan and saves it. Without JavaScript the editor is a text field. */
export function sqlPage({ texts, tables, refusal, hint, result, plan }: SqlShown): Html {
  const { sql, parameters } = texts;
  return html`<h1>SQL</h1>
      ${refusal ? faultSummary(refusal.heading, [...refusal.faults], { sql: "Statement", name: "Name" }) : ""}
      ${hint ? html`<div class="done" role="status"><p>${hint}</p></div>` : ""}
      <form class="sql" method="post" action="${sqlPath}/run">
        <div class="field" data-sql-editor data-tables="${tables.join(" ")}">
          <label for="sql" id="sql-label">Statement</label>
          <p class="hint" id="sql-hint">One SELECT over ${tables.join(", ")}, with parameters such as <code>:city</code>. It can change nothing. <span data-editor-keys hidden>Ctrl+Enter runs it; Escape, then Tab leaves the editor.</span></p>
          <textarea id="sql" name="sql" rows="9" maxlength="100000" spellcheck="false" autocapitalize="none" autocomplete="off" required aria-describedby="sql-hint">
${sql}</textarea>
        </div>
        ${parameters.length === 0 ? "" : html`<fieldset class="part-of"><legend>Parameters</legend>${parameters.map(parameterFields)}</fieldset>`}
        <p class="actions"><button type="submit" name="do" value="run">Run</button> <button class="quiet" type="submit" name="do" value="explain">Show the plan</button></p>
        ${saveFields(texts)}
      </form>
      ${plan ? planView(plan.plan, plan.ms) : ""}
      ${result ? resultView(result) : ""}`;
}

function parameterFields({ name, type, value }: SqlParameter): Html {
  return html`<div class="parameter">
            <div class="filter"><label for="value.${name}">:${name}</label><input id="value.${name}" name="value.${name}" value="${value}" autocomplete="off" spellcheck="false" /></div>
            <div class="filter"><label for="type.${name}">Type<span class="hidden"> of ${name}</span></label><select id="type.${name}" name="type.${name}">
              ${typeLabels.map(([one, label]) => html`<option value="${one}"${one === type ? html` selected` : ""}>${label}</option>`)}
            </select></div>
          </div>`;
}

function saveFields({ name, description, isPublic }: SqlTexts): Html {
  return html`<details class="save"${name === "" ? "" : html` open`}>
          <summary>Save it as a query</summary>
          <div class="fields">
            <div class="field"><label for="name">Name</label><p class="hint" id="name-hint">a-z, 0-9, - and _. A query with that name is replaced; the values of the parameters become their defaults.</p>
              <input id="name" name="name" value="${name}" maxlength="64" autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="name-hint" /></div>
            <div class="field"><label for="description">What it is</label><input id="description" name="description" value="${description}" maxlength="2000" autocomplete="off" /></div>
            <label class="choice"><input type="checkbox" name="public" value="true"${isPublic ? html` checked` : ""} /> <span>Every account may run it</span></label>
          </div>
          <p class="actions"><button class="quiet" type="submit" name="do" value="save">Save</button> <a class="button quiet" href="${queriesPath}">Saved queries</a></p>
        </details>`;
}
