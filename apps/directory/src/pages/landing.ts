import type { Html } from "@quintet/pages";
import { html } from "hono/html";
import { home } from "./frame.ts";
import { counted, searchForm } from "./search-form.ts";

/** The first page: what the directory is, and its search field; for staff also how to edit. */
export function landingPage(total: number, isStaff: boolean): Html {
  return html`<h1>User directory</h1>
      <p class="lead">${counted(total)} ${total === 1 ? "person" : "people"}. Search by any part of a name, with or without accents.</p>
      ${searchForm("", { live: false })}
      <div class="panels">
        <section class="panel">
          <h2>Search</h2>
          <p>A person is found when every word is part of the first or last name. Results appear as you type, sorted by last name.</p>
          <p><a href="${home}/search">Browse all people</a></p>
        </section>
        ${
          isStaff
            ? html`<section class="panel">
          <h2>Edit</h2>
          <p>Add, edit and delete people. If somebody else changes a person while you edit, you see both versions before anything is saved.</p>
          <p><a href="${home}/users/new">Add a person</a></p>
        </section>`
            : ""
        }
        <section class="panel">
          <h2>API</h2>
          <p>The same directory as JSON. See the <a href="${home}/docs">API documentation</a>.</p>
          <pre><code>GET ${home}/users?name=smi</code></pre>
        </section>
      </div>`;
}
