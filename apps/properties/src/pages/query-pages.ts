import type { Parameter } from "@quintet/db";
import type { InputFault } from "@quintet/http";
import { faultOf, faultSummary, field, type Html, shownTime } from "@quintet/pages";
import { html } from "hono/html";
import type { SqlResult } from "../queries/run-sql.ts";
import type { SavedQuery } from "../queries/saved-query.ts";
import { queriesPath, queryActionPath, queryPath, sqlPath } from "./frame.ts";
import { pageLinks } from "./list-pages.ts";
import { resultView } from "./result-view.ts";

/** The saved queries that an account may run. */
export function queriesPage(
  queries: readonly SavedQuery[],
  links: { first: string | undefined; next: string | undefined },
  isStaff: boolean,
): Html {
  const rows = queries.map(
    ({ name, description, public: isPublic }) => html`<tr>
              <th scope="row"><a href="${queryPath(name)}">${name}</a></th>
              <td>${description}</td>
              ${isStaff ? html`<td>${isPublic ? "every account" : "staff"}</td>` : ""}
            </tr>
            `,
  );
  const list = html`<div class="table"><table>
        <caption class="hidden">Saved queries</caption>
        <thead><tr><th scope="col">Query</th><th scope="col">About</th>${isStaff ? html`<th scope="col">For</th>` : ""}</tr></thead>
        <tbody>
            ${rows}
        </tbody>
      </table></div>`;
  return html`<h1>Saved queries</h1>
      ${isStaff ? html`<p class="actions above"><a class="button" href="${sqlPath}">Write one</a></p>` : ""}
      ${queries.length === 0 ? html`<p class="empty">There are no saved queries${isStaff ? "" : " that every account may run"} yet.</p>` : list}
      ${pageLinks(links, "queries")}`;
}

interface QueryShown {
  query: SavedQuery;
  /** The values as they were given, by name. */
  texts: Readonly<Record<string, string>>;
  faults: readonly InputFault[];
  /** Why it could not be run, without a field at fault. */
  failure?: string | undefined;
  result?: SqlResult | undefined;
  isStaff: boolean;
}

/** A saved query: its parameters, its rows when it was run, and its SQL. */
export function queryPage({ query, texts, faults, failure, result, isStaff }: QueryShown): Html {
  const { name, description, params, sql, changedBy, changedAt } = query;
  const labels = Object.fromEntries(params.map((each) => [each.name, each.name]));
  return html`<p class="back"><a href="${queriesPath}">Saved queries</a></p>
      <h1>${name}</h1>
      ${description === "" ? "" : html`<p class="lead">${description}</p>`}
      ${failure !== undefined || faults.length > 0 ? faultSummary(failure ?? "The query was not run", [...faults], labels) : ""}
      <form class="${params.length === 0 ? "actions above" : "sheet"}" method="get" action="${queryPath(name)}/rows">
        ${params.length === 0 ? "" : html`<div class="fields">${params.map((each) => input(each, texts, faults))}</div>`}
        <p class="actions"><button type="submit">Run</button></p>
      </form>
      ${result === undefined ? "" : resultView(result)}
      <section class="part" aria-labelledby="statement">
        <h2 id="statement">Statement</h2>
        <pre class="body" tabindex="0"><code>${sql}</code></pre>
        <p class="hint below">Saved by ${changedBy}, ${shownTime(changedAt)}.</p>
        ${isStaff ? staffActions(query) : ""}
      </section>`;
}

function staffActions({ name, public: isPublic }: SavedQuery): Html {
  return html`<p>${isPublic ? "Every account may run it." : "Only staff may run it."}</p>
        <p class="actions above">
          <a class="button quiet small" href="${sqlPath}?query=${name}">Edit</a>
          <a class="button quiet small" href="${queryActionPath(name, isPublic ? "unshare" : "share")}">${isPublic ? "Share it no more" : "Share with every account"}</a>
          <a class="button quiet small danger" href="${queryActionPath(name, "delete")}">Delete</a>
        </p>`;
}

const kinds: Record<Parameter["type"], string> = {
  ...{ string: "A text.", integer: "A whole number.", number: "A number.", boolean: "true or false." },
  ...{ date: "A date, as in 2021-11-07.", datetime: "A date and time, as in 2021-11-07T02:48:42Z." },
};

function input(parameter: Parameter, texts: QueryShown["texts"], faults: readonly InputFault[]): Html {
  const { name, type, description, required } = parameter;
  return field({
    ...{ name, label: name, optional: !required, hint: description ?? kinds[type] },
    value: texts[name] ?? parameter.default ?? "",
    fault: faultOf([...faults], name),
  });
}
