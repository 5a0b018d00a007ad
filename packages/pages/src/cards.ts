import { html } from "hono/html";
import type { Html } from "./html.ts";

/** A box about one thing, beside others. */
export interface Card {
  title: string;
  /** Names the card's heading; unique on the page. */
  id?: string;
  /** Beside the title, such as a state. */
  aside?: Html;
  body: Html;
  links?: readonly { label: string; href: string /** What a screen reader adds to the label. */; of?: string }[];
}

/** Cards beside each other, as many in a row as fit. Wide ones have room for plots. */
export function cards(list: readonly Card[], { wide = false } = {}): Html {
  return html`<div class="panels${wide ? " wide-cards" : ""}">
        ${list.map(card)}
      </div>`;
}

function card({ title, id, aside, body, links = [] }: Card): Html {
  const shown = links.map(({ label, href, of }, i) => {
    const more = of === undefined ? "" : html`<span class="hidden"> of ${of}</span>`;
    return html`${i === 0 ? "" : " · "}<a href="${href}">${label}${more}</a>`;
  });
  return html`<section class="panel card"${id ? html` aria-labelledby="${id}"` : ""}>
          <div class="name"><h2${id ? html` id="${id}"` : ""}>${title}</h2> ${aside ?? ""}</div>
          ${body}
          ${links.length > 0 ? html`<p class="ways">${shown}</p>` : ""}
        </section>`;
}
