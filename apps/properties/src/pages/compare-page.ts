import { counted, type Html, plural } from "@quintet/pages";
import { html } from "hono/html";
import type { Likes } from "../likes/like-queries.ts";
import type { Property } from "../properties/property.ts";
import { areaText, metrePriceText, typeText } from "./features.ts";
import { comparePath, home, propertyPath } from "./frame.ts";
import { maxCompared } from "./property-cards.ts";
import { priceText, statusLabel, titleOf } from "./property-texts.ts";

type Compared = Property & Likes;

interface CompareShown {
  properties: readonly Compared[];
  /** Ids that no visible property has. */
  missing: readonly number[];
  /** How many were chosen beyond those that are shown. */
  left: number;
}

/** Properties side by side. */
export function comparePage({ properties, missing, left }: CompareShown): Html {
  return html`<p class="back"><a href="${home}">Search</a></p>
      <h1>Compare</h1>
      ${left > 0 ? html`<p>The first ${maxCompared} of the properties that you chose are shown.</p>` : ""}
      ${missing.length > 0 ? html`<p>Not available any more: ${missing.join(", ")}.</p>` : ""}
      ${properties.length === 0 ? html`<p class="empty">Choose two to ${maxCompared} properties on the <a href="${home}">search page</a>.</p>` : table(properties)}
      ${properties.length === 1 ? html`<p class="below">Choose others on the <a href="${home}">search page</a>, or add the number of one.</p>` : ""}
      ${properties.length > 0 && properties.length < maxCompared ? addForm(properties) : ""}`;
}

function addForm(properties: readonly Compared[]): Html {
  return html`<form class="filters below" action="${comparePath}" method="get">
        ${properties.map(({ id }) => html`<input type="hidden" name="id" value="${id}" />`)}
        <div class="filter"><label for="add">Number of another property</label><input id="add" name="id" inputmode="numeric" pattern="[0-9]+" required autocomplete="off" /></div>
        <button type="submit">Add</button>
      </form>`;
}

function table(properties: readonly Compared[]): Html {
  const cheapest = lowest(properties.map(({ price }) => price));
  const newest = lowest(properties.map(({ year }) => (year === null ? null : -year)));
  const mark = (text: string) => html` <span class="tag open">${text}</span>`;
  const row = (label: string, value: (property: Compared) => Html | string) =>
    html`<tr><th scope="row">${label}</th>${properties.map((one) => html`<td>${value(one)}</td>`)}</tr>
            `;
  const optionalRow = (label: string, value: (property: Compared) => string | undefined) =>
    properties.some((one) => value(one) !== undefined) ? row(label, (one) => value(one) ?? "Unknown") : "";
  const without = (id: number) => {
    const others = properties.filter((one) => one.id !== id).map((one): [string, string] => ["id", String(one.id)]);
    return others.length === 0 ? comparePath : `${comparePath}?${new URLSearchParams(others)}`;
  };
  const remove = (one: Compared) =>
    html`<a href="${without(one.id)}">Remove<span class="hidden"> ${titleOf(one)}</span></a>`;
  return html`<div class="table grid compared" role="region" aria-label="Properties side by side" tabindex="0"><table>
          <thead><tr><td></td>${properties.map((one) => html`<th scope="col"><a href="${propertyPath(one.id)}">${titleOf(one)}</a></th>`)}</tr></thead>
          <tbody>
            ${row("Price", ({ price }) => html`${priceText(price)}${price !== null && price === cheapest ? mark("lowest") : ""}`)}
            ${optionalRow("Price per m²", (one) => metrePriceText(one))}
            ${row("City", ({ city }) => city ?? "Unknown")}
            ${optionalRow("Type", ({ type }) => (type === undefined ? undefined : typeText(type)))}
            ${optionalRow("Rooms", ({ rooms }) => rooms?.toString())}
            ${optionalRow("Area", ({ area }) => (area === undefined ? undefined : areaText(area)))}
            ${row("Built", ({ year }) => html`${year ?? "Unknown"}${year !== null && -year === newest ? mark("newest") : ""}`)}
            ${row("Status", ({ status }) => statusLabel(status))}
            ${row("Likes", ({ likes, liked }) => (liked ? `${plural(likes, "like")}, one of them yours` : counted(likes)))}
            ${row("Description", ({ description }) => html`<span class="description">${description ?? ""}</span>`)}
            ${row("Selection", remove)}
          </tbody>
        </table></div>`;
}

/** The lowest of several values that differ. */
function lowest(values: readonly (number | null)[]): number | undefined {
  const known = values.filter((value) => value !== null);
  return new Set(known).size < 2 ? undefined : Math.min(...known);
}
