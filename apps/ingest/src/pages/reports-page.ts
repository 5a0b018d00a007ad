import type { Parameter } from "@quintet/db";
import type { InputFault } from "@quintet/http";
import { faultOf, faultSummary, field, type Html, plural } from "@quintet/pages";
import { html } from "hono/html";
import type { Report } from "../reports/report.ts";
import type { ReportResult } from "../reports/run-report.ts";
import { reportsPath } from "./frame.ts";
import { cell, grid, listTable, pageLinks } from "./lists.ts";

/** All saved reports. */
export function reportsPage(
  reports: readonly Report[],
  pages: { first?: string | undefined; next?: string | undefined },
): Html {
  return html`<h1>Reports</h1>
      ${
        reports.length === 0
          ? html`<p class="empty">There are no reports yet.</p>`
          : listTable({
              caption: "Reports",
              columns: ["Report", "About"],
              rows: reports.map(
                ({ name, description }) => html`<tr>
              <th scope="row"><a href="${reportsPath}/${name}">${name}</a></th>
              ${cell("About", description)}
            </tr>
            `,
              ),
            })
      }
      ${pageLinks("reports", pages)}`;
}

export interface ReportShown {
  report: Report;
  /** The parameters as they were given, by name. */
  texts: Readonly<Record<string, string>>;
  faults: InputFault[];
  /** What the report has found; undefined until its parameters are given. */
  result?: ReportResult | undefined;
}

/** A report: its parameters, and what it has found. */
export function reportPage({ report, texts, faults, result }: ReportShown): Html {
  const { name, description, params } = report;
  const labels = Object.fromEntries(params.map((each) => [each.name, each.name]));
  return html`<p class="back"><a href="${reportsPath}">Reports</a></p>
      <h1>${name}</h1>
      ${description === "" ? "" : html`<p class="lead">${description}</p>`}
      ${faults.length > 0 && Object.keys(texts).length > 0 ? faultSummary("The report was not run", faults, labels) : ""}
      ${
        params.length === 0
          ? ""
          : html`<form class="sheet" method="get" action="${reportsPath}/${name}">
        <div class="fields">${params.map((each) => input(each, texts, faults))}</div>
        <p class="actions"><button type="submit">Show</button></p>
      </form>`
      }
      ${result === undefined ? "" : found(result)}`;
}

function input(parameter: Parameter, texts: ReportShown["texts"], faults: InputFault[]): Html {
  const { name, description, required } = parameter;
  const isGiven = Object.keys(texts).length > 0;
  return field({
    name,
    label: name,
    value: texts[name] ?? parameter.default ?? "",
    optional: !required,
    fault: isGiven ? faultOf(faults, name) : undefined,
    ...(description === undefined ? {} : { hint: description }),
  });
}

function found({ summary, columns, rows }: ReportResult): Html {
  const facts = Object.entries(summary);
  const most = columns.map(({ name }, at) =>
    hasBars(columns, at) ? Math.max(...rows.map((row) => Number(row[name] ?? 0))) : 0,
  );
  return html`<section class="below" aria-labelledby="found"><h2 id="found">${plural(rows.length, "row")}</h2>
        ${facts.length === 0 ? "" : html`<dl class="facts">${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${String(value ?? "–")}</dd>`)}</dl>`}
        ${
          rows.length === 0
            ? ""
            : grid({
                caption: "Rows of the report",
                columns: columns.map(({ name }) => name),
                rows: rows
                  .slice(0, shownRows)
                  .map(
                    (row) =>
                      html`<tr>${columns.map(({ name, type }, at) => valueCell(row[name], isNumber(type), most[at] ?? 0))}</tr>`,
                  ),
              })
        }
        ${rows.length > shownRows ? html`<p class="hint">The first ${shownRows} rows are shown; the API has all of them.</p>` : ""}
      </section>`;
}

const shownRows = 1000;
const isNumber = (type: string) => type === "integer" || type === "number";

/** Whether a column of numbers follows a text, which it is about. */
function hasBars(columns: ReportResult["columns"], at: number): boolean {
  return isNumber(columns[at]?.type ?? "") && columns[at - 1]?.type === "string";
}

function valueCell(value: unknown, number: boolean, most: number): Html {
  if (value === null || value === undefined) return html`<td><span class="hint">–</span></td>`;
  const share = most > 0 ? Math.max(0, Number(value) / most) : 0;
  const bar =
    most > 0
      ? html` <svg width="100" height="8" viewBox="0 0 100 8" aria-hidden="true"><rect width="${Math.round(share * 100)}" height="8" fill="currentColor"/></svg>`
      : "";
  return html`<td class="${number && bar === "" ? "number" : ""}">${String(value)}${bar}</td>`;
}
