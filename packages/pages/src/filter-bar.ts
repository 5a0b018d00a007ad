import { html } from "hono/html";
import { hidden } from "./form-parts.ts";
import type { Html } from "./html.ts";

/** One filter of a list: a text that is searched for, or a choice. */
export type Filter = { name: string; label: string; value: string } & (
  | { placeholder?: string; maxLength?: number }
  | { options: readonly (readonly [value: string, label: string])[] }
);

interface FilterBar {
  /** The path of the list. */
  action: string;
  filters: readonly Filter[];
  /** Further parameters of the list, which stay as they are. */
  kept?: Record<string, string>;
  /** The text of the button. */
  submit: string;
  /** Whether results appear while typing; the page needs `live-results.js` and elements with `data-live-part`. */
  live?: boolean;
}

/** The filters of a list, above it. They are parameters of its URL, so that a filtered list can be linked to. */
export function filterBar({ action, filters, kept = {}, submit, live = false }: FilterBar): Html {
  return html`<form class="filters" role="search" action="${action}" method="get"${live ? html` data-live` : ""}>
        ${Object.entries(kept).map(([name, value]) => hidden(name, value))}
        ${filters.map((filter) => html`<div class="filter"><label for="${filter.name}">${filter.label}</label>${input(filter)}</div>`)}
        <button type="submit">${submit}</button>
      </form>`;
}

function input(filter: Filter): Html {
  const { name, value } = filter;
  if ("options" in filter) {
    const options = filter.options.map(
      ([option, label]) => html`<option value="${option}"${option === value ? html` selected` : ""}>${label}</option>`,
    );
    return html`<select id="${name}" name="${name}">${options}</select>`;
  }
  const { placeholder = "", maxLength = 100 } = filter;
  return html`<input id="${name}" name="${name}" type="search" value="${value}" maxlength="${maxLength}" placeholder="${placeholder}" autocomplete="off" autocapitalize="none" spellcheck="false" />`;
}
