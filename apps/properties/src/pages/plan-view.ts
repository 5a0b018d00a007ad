import { counted, type Html } from "@quintet/pages";
import { html } from "hono/html";
import type { PlanStep } from "../queries/plan.ts";

/** A plan as a tree: what each step does, and a bar for the rows that it reads. */
export function planView(plan: PlanStep, ms: number): Html {
  const most = mostRows(plan);
  return html`<section class="part" aria-labelledby="plan">
        <h2 id="plan">Plan <span class="hint">in ${counted(ms)} ms; the statement was not run</span></h2>
        <ul class="plan">${step(plan, most)}</ul>
        <p class="hint">Rows and costs are estimates of the server. Each step gets its rows from those below it.</p>
      </section>`;
}

function mostRows({ rows = 0, steps = [] }: PlanStep): number {
  return Math.max(rows, ...steps.map(mostRows));
}

/** How a table's rows are found, in words. */
const accesses: Record<string, string> = {
  ALL: "all rows of the table",
  index: "the whole index",
  range: "a range of the index",
  ref: "by a value of the index",
  ref_or_null: "by a value of the index, or NULL",
  eq_ref: "one row by a unique index",
  const: "one row, once",
  system: "the only row",
  fulltext: "by a text index",
  index_merge: "by several indexes",
};

function step(one: PlanStep, most: number): Html {
  const { operation, table, access, index, indexColumns = [], rows, keptPercent, cost, condition, notes = [] } = one;
  const { steps = [] } = one;
  const found = access === undefined ? undefined : (accesses[access] ?? access);
  const by = index === undefined ? "" : ` ${index}${indexColumns.length > 0 ? ` (${indexColumns.join(", ")})` : ""}`;
  const facts = [
    found === undefined ? undefined : `${found}${by === "" ? "" : `:${by}`}`,
    keptPercent === undefined || keptPercent >= 100 ? undefined : `${counted(keptPercent)}% are kept`,
    cost === undefined ? undefined : `cost ${counted(cost)}`,
    ...notes,
  ].filter((fact) => fact !== undefined);
  return html`<li>
          <div class="step">
            <p><strong>${table === undefined ? operation : table}</strong>${table === undefined ? "" : html` <span class="tag${access === "ALL" ? " closed" : ""}">${operation === "table" ? (access ?? "table") : operation}</span>`} ${rows === undefined ? "" : rowsBar(rows, most)}</p>
            ${facts.length === 0 ? "" : html`<p class="hint">${facts.join(" · ")}</p>`}
            ${condition === undefined ? "" : html`<p><code>${condition}</code></p>`}
          </div>
          ${steps.length === 0 ? "" : html`<ul>${steps.map((inner) => step(inner, most))}</ul>`}
        </li>
        `;
}

const barWidth = 120;

/** A bar as long as the logarithm of the rows. */
function rowsBar(rows: number, most: number): Html {
  const share = most <= 1 ? 1 : Math.log1p(rows) / Math.log1p(most);
  const width = Math.max(2, Math.round(barWidth * share));
  return html`<span class="rows"><svg width="${barWidth}" height="8" viewBox="0 0 ${barWidth} 8" aria-hidden="true"><rect width="${width}" height="8" rx="2" fill="currentColor"/></svg> ${counted(rows)} ${rows === 1 ? "row" : "rows"}</span>`;
}
