import { cards, type Html } from "@quintet/pages";
import { html } from "hono/html";
import { home } from "./frame.ts";
import { counted, searchForm } from "./search-form.ts";

/** The first page: what the directory is, and its search field; for staff also how to edit. */
export function landingPage(total: number, isStaff: boolean): Html {
  return html`<h1>User directory</h1>
      <p class="lead">${counted(total)} ${total === 1 ? "person" : "people"}. Search by any part of a name, with or without accents.</p>
      ${searchForm("", { live: false })}
      ${cards([
        {
          title: "Search",
          body: html`<p>A person is found when every word is part of the first or last name. Results appear as you type, sorted by last name.</p>`,
          links: [{ label: "Browse all people", href: `${home}/search` }],
        },
        ...(isStaff
          ? [
              {
                title: "Edit",
                body: html`<p>Add, edit and delete people. If somebody else changes a person while you edit, you see both versions before anything is saved.</p>`,
                links: [{ label: "Add a person", href: `${home}/users/new` }],
              },
            ]
          : []),
        {
          title: "API",
          body: html`<p>The same directory as JSON.</p>
          <pre><code>GET ${home}/users?name=smi</code></pre>`,
          links: [{ label: "API documentation", href: `${home}/docs` }],
        },
      ])}`;
}
