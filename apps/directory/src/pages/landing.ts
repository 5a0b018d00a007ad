import type { Html } from "@quintet/pages";
import { html } from "hono/html";
import { home } from "./frame.ts";
import { counted, searchForm } from "./search-form.ts";

/** The first page: what the directory is, and its search field. */
export function landingPage(total: number): Html {
  return html`<h1>User directory</h1>
      <p class="lead">${counted(total)} ${total === 1 ? "person" : "people"}. Find anybody by any part of a name, with or without its accents.</p>
      ${searchForm("", { live: false })}
      <div class="panels">
        <section class="panel">
          <h2>Search</h2>
          <p>One word finds it in first and last names; several words must all be found. Results come while you type, ordered by last name, first name and number.</p>
          <p><a href="${home}/search">Browse everybody</a></p>
        </section>
        <section class="panel">
          <h2>Edit</h2>
          <p>Staff add, change and remove people here. A change that somebody else has made meanwhile is shown and never overwritten unseen.</p>
          <p><a href="${home}/users/new">Add a person</a></p>
        </section>
        <section class="panel">
          <h2>Call the API</h2>
          <p>The same directory as JSON, cached and paged, described at <a href="${home}/docs">its documentation</a>.</p>
          <pre><code>GET ${home}/users?name=smi</code></pre>
        </section>
      </div>`;
}
