import { cards, type Html } from "@quintet/pages";
import { html } from "hono/html";
import type { Load } from "../loads/load.ts";
import { loadsPath, newTablePath, rowsPath } from "./frame.ts";
import { loadList, noLoads } from "./loads-page.ts";

export interface OverviewShown {
  /** The tables with a line about each. */
  tables: readonly { name: string; about: string }[];
  /** The latest loads. */
  loads: readonly Load[];
  isStaff: boolean;
}

/** The first page: the tables and the latest loads. */
export function overviewPage({ tables, loads, isStaff }: OverviewShown): Html {
  return html`<h1>Ingest</h1>
      <p class="lead">Files go into tables. Each row is stored or listed with the reason why it was not.</p>
      <section class="part" aria-labelledby="tables"><h2 id="tables">Tables</h2>
        ${cards(
          tables.map(({ name, about }) => ({
            title: name,
            id: `table-${name}`,
            body: html`<p class="hint">${about}</p>`,
            links: [{ label: "Rows", of: name, href: rowsPath(name) }],
          })),
        )}
        ${isStaff ? html`<p class="below"><a href="${newTablePath}">New table from a file</a></p>` : ""}
      </section>
      <section class="part" aria-labelledby="loads"><h2 id="loads">Latest loads</h2>
        ${loads.length === 0 ? noLoads(isStaff) : html`${loadList(loads)}<p class="below"><a href="${loadsPath}">All loads</a></p>`}
      </section>`;
}
