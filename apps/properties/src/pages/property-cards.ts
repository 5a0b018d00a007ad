import { type Html, plural } from "@quintet/pages";
import { html } from "hono/html";
import type { Likes } from "../likes/like-queries.ts";
import type { Property } from "../properties/property.ts";
import { featuresText } from "./features.ts";
import { comparePath, propertyPath } from "./frame.ts";
import { builtText, excerpt, priceText, statusTag, titleOf } from "./property-texts.ts";

/** A property in a list. */
export type ListedProperty = Property & Partial<Likes>;

/** Max properties that are compared. */
export const maxCompared = 4;

const compareForm = "compare";

/** Properties beside each other. Some of them can be chosen to be compared, where `comparable` says so. */
export function propertyCards(
  properties: readonly ListedProperty[],
  { note, comparable = true }: { note?: (property: ListedProperty) => Html | string; comparable?: boolean } = {},
): Html {
  const list = html`<ul class="listings">
          ${properties.map((property) => card(property, note?.(property), comparable))}
        </ul>`;
  if (!comparable || properties.length < 2) return list;
  return html`${list}
        <form class="compare-bar" id="${compareForm}" action="${comparePath}" method="get">
          <button type="submit">Compare</button> <span class="hint">Choose two to ${maxCompared} properties.</span>
        </form>`;
}

function card(property: ListedProperty, note: Html | string | undefined, comparable: boolean): Html {
  const { id, city, price, year, status, description, likes = 0, liked = false } = property;
  const title = titleOf(property);
  const excerptText = excerpt(description);
  const features = featuresText(property);
  return html`<li class="panel listing">
            <p class="listing-head"><span class="price">${priceText(price)}</span> ${statusTag(status)}</p>
            <h2><a href="${propertyPath(id)}">${title}</a></h2>
            <p class="where">${city ?? "City unknown"} · ${builtText(year)}</p>
            ${features === "" ? "" : html`<p class="features">${features}</p>`}
            ${excerptText === "" ? "" : html`<p class="excerpt">${excerptText}</p>`}
            ${note === undefined ? "" : html`<p class="hint">${note}</p>`}
            <div class="listing-foot">
              ${comparable ? html`<label class="choice"><input type="checkbox" name="id" value="${id}" form="${compareForm}" /> <span>Compare<span class="hidden"> ${title}</span></span></label>` : ""}
              ${likes > 0 ? html`<span class="likes${liked ? " mine" : ""}"><span aria-hidden="true">${liked ? "♥" : "♡"}</span> ${plural(likes, "like")}${liked ? html`<span class="hidden">, one of them yours</span>` : ""}</span>` : ""}
            </div>
          </li>
          `;
}
