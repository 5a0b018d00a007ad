import { type Html, shownTime } from "@quintet/pages";
import { html } from "hono/html";
import type { LikedProperty, Property } from "../properties/property.ts";
import { home } from "./frame.ts";
import { propertyCards } from "./property-cards.ts";

interface Links {
  first: string | undefined;
  next: string | undefined;
}

/** The properties that an account likes. */
export function likedPage(properties: readonly LikedProperty[], links: Links): Html {
  const dates = new Map(properties.map(({ id, likedAt }) => [id, likedAt]));
  const note = ({ id }: { id: number }) => html`Liked on ${shownTime(dates.get(id) ?? new Date(0))}`;
  return html`<h1>Liked properties</h1>
      ${properties.length === 0 ? html`<p class="empty">${links.next || links.first ? "The properties of this page cannot be seen any more." : html`You like none yet. <a href="${home}">Find one</a>.`}</p>` : propertyCards(properties, { note })}
      ${pageLinks(links)}`;
}

/** The properties that are withdrawn, for staff. */
export function withdrawnPageText(properties: readonly Property[], links: Links): Html {
  const note = ({ withdrawnAt }: Property) => (withdrawnAt ? html`Withdrawn on ${shownTime(withdrawnAt)}` : "");
  return html`<h1>Withdrawn properties</h1>
      <p class="lead">Only staff can see these. Each can be restored on its page.</p>
      ${properties.length === 0 ? html`<p class="empty">No property is withdrawn.</p>` : propertyCards(properties, { note, comparable: false })}
      ${pageLinks(links)}`;
}

/** The ways to the first and the next page of a list. */
export function pageLinks({ first, next }: Links, of = "properties"): Html | "" {
  if (first === undefined && next === undefined) return "";
  return html`<nav class="pages" aria-label="Pages of ${of}"><ul>
          ${first === undefined ? "" : html`<li><a href="${first}">First page</a></li>`}
          ${next === undefined ? "" : html`<li><a href="${next}" rel="next">Next page</a></li>`}
        </ul></nav>`;
}
