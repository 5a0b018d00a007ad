import { html } from "hono/html";
import type { Html } from "./html.ts";

/**
 * Attributes of an element (a table row, a card) whose state is not final yet: `poll.js` loads the page again every `seconds` and
 * replaces the element by the one with the same id, until that comes without these attributes. Without the script the page
 * shows the state as of its loading.
 */
export function polled(id: string, isFinal: boolean, seconds = 2): Html {
  return isFinal ? html`id="${id}"` : html`id="${id}" data-poll="${seconds}" aria-busy="true"`;
}
