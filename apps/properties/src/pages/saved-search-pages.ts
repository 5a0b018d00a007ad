import { type Html, hidden, plural } from "@quintet/pages";
import { html } from "hono/html";
import type { NewResults, SavedSearch } from "../saved-searches/saved-search.ts";
import { home, savedSearchActionPath, saveSearchPath } from "./frame.ts";
import { pageLinks } from "./list-pages.ts";
import { type PageQuery, searchAddress } from "./page-query.ts";
import { filterTexts } from "./search-page.ts";

/** A saved search in the list of its account. */
export interface ListedSearch extends SavedSearch {
  /** Undefined when it is not valid any more. */
  results: NewResults | undefined;
  /** Why it is not. */
  faults: { path: string; message: string }[];
}

/** The searches that an account keeps. */
export function savedSearchesPage(
  searches: readonly ListedSearch[],
  links: { first: string | undefined; next: string | undefined },
  notifies: boolean,
): Html {
  const list = html`<ul class="listings">${searches.map((search) => card(search, notifies))}</ul>`;
  return html`<h1>Saved searches</h1>
      ${notifies ? "" : html`<p class="lead">New results are counted here. This installation sends no messages about them.</p>`}
      ${searches.length === 0 ? html`<p class="empty">You have saved no search yet. <a href="${home}">Search</a>, then choose “Save this search”.</p>` : list}
      ${pageLinks(links, "saved searches")}`;
}

function card({ id, name, query, notify, results, faults }: ListedSearch, notifies: boolean): Html {
  const parameters = new URLSearchParams(query);
  const texts = filterTexts(parameters);
  const act = (action: "look" | "notify" | "mute", label: string | Html, quiet = true) =>
    html`<form method="post" action="${savedSearchActionPath(id, action)}"><button type="submit"${quiet ? html` class="quiet small"` : html` class="small"`}>${label}</button></form>`;
  const link = (action: "rename" | "delete", label: string, more = "") =>
    html`<a class="button quiet small${more}" href="${savedSearchActionPath(id, action)}">${label}<span class="hidden"> ${name}</span></a>`;
  return html`<li class="panel listing" id="search-${id}">
            <h2><a href="${searchAddress(parameters)}">${name}</a></h2>
            <p class="where">${texts.length === 0 ? "All properties" : texts.join(" · ")}</p>
            ${faults.length === 0 ? newResults(results) : html`<p class="fault">This search is not possible any more: ${faults.map(({ path, message }) => `${path} ${message}`).join("; ")}</p>`}
            ${notifies ? html`<p class="hint">${notify ? "A message is sent when a property newly matches." : "No messages."}</p>` : ""}
            <div class="actions above">
              ${results && results.count > 0 ? act("look", html`Show the new ones<span class="hidden"> of ${name}</span>`, false) : ""}
              ${notifies ? act(notify ? "mute" : "notify", html`${notify ? "No messages" : "Send messages"}<span class="hidden"> about ${name}</span>`) : ""}
              ${link("rename", "Rename")}
              ${link("delete", "Delete", " danger")}
            </div>
          </li>
          `;
}

function newResults(results: NewResults | undefined): Html {
  if (!results || (results.count === 0 && results.isExact)) return html`<p>Nothing new</p>`;
  const { count, isExact } = results;
  return html`<p><strong>${plural(count, "new property", "new properties")}</strong>${isExact ? "" : " or more"}</p>`;
}

/** A form beside the results that saves their search. */
export function saveSearchForm(query: PageQuery, notifies: boolean): Html {
  const kept = new URLSearchParams([...query].filter(([name]) => name !== "newSince"));
  const name = filterTexts(kept).join(" · ") || "All properties";
  return html`<details class="save-search">
            <summary>Save this search</summary>
            <form class="filters" method="post" action="${saveSearchPath}">
              ${hidden("search", kept.toString())}
              <div class="filter"><label for="save-name">Name</label><input id="save-name" name="name" value="${name.slice(0, 100)}" maxlength="100" required autocomplete="off" /></div>
              ${notifies ? html`<label class="choice"><input type="checkbox" name="notify" value="yes" /> <span>Send a message when a property newly matches</span></label>` : ""}
              <button type="submit">Save</button>
            </form>
          </details>`;
}
