import type { Html } from "@quintet/pages";
import { html } from "hono/html";
import { home } from "./frame.ts";

/** The search field. `live` shows results while typing, where the page has a place for them. */
export function searchForm(name: string, { live }: { live: boolean }): Html {
  return html`<form class="search" role="search" action="${home}/search" method="get"${live ? html` data-live` : ""}>
        <label for="name">Name</label>
        <input id="name" name="name" type="search" value="${name}" maxlength="100" autocomplete="off" autocapitalize="none" spellcheck="false" placeholder="Any part of a first or last name" />
        <button type="submit">Search</button>
      </form>`;
}

/** A number as it is read: `1,000,000`. */
export function counted(count: number): string {
  return count.toLocaleString("en");
}
