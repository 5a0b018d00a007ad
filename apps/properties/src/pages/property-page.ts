import { type Html, plural, shownTime } from "@quintet/pages";
import { html } from "hono/html";
import type { Likes } from "../likes/like-queries.ts";
import type { MapTiles } from "../map-tiles.ts";
import type { SeenPrice } from "../properties/prices.ts";
import type { Property, StatusChange } from "../properties/property.ts";
import { areaText, featuresText, metrePriceText, typeText } from "./features.ts";
import { actionPath, comparePath, home, propertyPath } from "./frame.ts";
import { hasMap, mapOf } from "./map.ts";
import { searchAddress } from "./page-query.ts";
import { priceHistory } from "./price-history.ts";
import { priceText, statusLabel, statusTag, timeText, titleOf } from "./property-texts.ts";

/** How far "nearby" is. */
export const nearbyKm = 3;

export interface PropertyShown {
  property: Property & Likes;
  /** The entries of its status history that the visitor may see, latest first. */
  history: readonly StatusChange[];
  /** Whether there are older entries. */
  more: boolean;
  /** Whether others see it: only then can it be liked and compared. */
  isPublic: boolean;
  /** Its prices, latest first, and whether there are older ones. */
  prices: readonly SeenPrice[];
  morePrices: boolean;
  isStaff: boolean;
  /** Others around it, nearest first. */
  nearby: readonly Property[];
  tiles: MapTiles | undefined;
}

/** A property with all that is known of it, and what the visitor can do with it. */
export function propertyPage(shown: PropertyShown): Html {
  const { property, history, more, isPublic, prices, morePrices, isStaff, nearby, tiles } = shown;
  const { id, city, price, year, status, description, withdrawnAt } = property;
  return html`<p class="back"><a href="${home}">Search</a></p>
      <article class="property">
        <p class="listing-head"><span class="price large">${priceText(price)}</span> ${price === null ? "" : html`<span class="hint">Colombian pesos</span>`} ${statusTag(status)}</p>
        <h1>${titleOf(property)}</h1>
        ${withdrawnAt ? html`<div class="alert" role="note"><p>Withdrawn on ${shownTime(withdrawnAt)}. Only staff can see it.</p></div>` : ""}
        ${!(withdrawnAt || isPublic) ? html`<div class="alert" role="note"><p>Only staff can see it: its status is not public.</p></div>` : ""}
        ${likePart(property, isPublic)}
        ${isStaff ? staffActions(property) : ""}
        <div class="property-parts">
          <section class="panel" aria-labelledby="facts">
            <h2 id="facts">Facts</h2>
            <dl class="facts short">
              <dt>City</dt><dd>${city ?? "Unknown"}</dd>
              ${features(property)}
              <dt>Built</dt><dd>${year ?? "Unknown"}</dd>
              <dt>Status</dt><dd>${statusLabel(status)}</dd>
              <dt>Number</dt><dd>${id}</dd>
            </dl>
          </section>
          <section class="panel" aria-labelledby="about">
            <h2 id="about">Description</h2>
            ${description === null || description.trim() === "" ? html`<p class="hint">There is none.</p>` : html`<p class="description">${description}</p>`}
          </section>
          <section class="panel" aria-labelledby="prices">
            <h2 id="prices">Price history</h2>
            ${priceHistory(prices, morePrices)}
          </section>
          <section class="panel" aria-labelledby="history">
            <h2 id="history">Status history</h2>
            ${timeline(history)}
            ${more ? html`<p class="hint">Older entries are in the API.</p>` : ""}
          </section>
        </div>
        ${hasMap([property]) ? placePart(property, nearby, tiles) : ""}
      </article>`;
}

function placePart(property: Property, nearby: readonly Property[], tiles: MapTiles | undefined): Html {
  const { id, lat, lon } = property;
  const around = searchAddress(new URLSearchParams({ near: `${lat},${lon},${nearbyKm}`, sort: "distance" }));
  return html`<div class="part place">
          ${mapOf({ properties: [property, ...nearby], tiles, skipTo: "nearby", here: id })}
          <section aria-labelledby="nearby">
            <h2 id="nearby" tabindex="-1">Nearby</h2>
            ${nearby.length === 0 ? html`<p class="hint">There is no other one within ${nearbyKm} km.</p>` : html`<ul class="nearby">${nearby.map(nearbyItem)}</ul><p><a href="${around}">All within ${nearbyKm} km</a></p>`}
          </section>
        </div>`;
}

function nearbyItem(property: Property): Html {
  const features = featuresText(property);
  return html`<li><strong>${priceText(property.price)}</strong> <a href="${propertyPath(property.id)}">${titleOf(property)}</a>${features === "" ? "" : html` <span class="hint">${features}</span>`}</li>`;
}

function features({ type, rooms, area, price }: Property): Html {
  const metrePrice = metrePriceText({ price, area });
  return html`${type === undefined ? "" : html`<dt>Type</dt><dd>${typeText(type)}</dd>`}
              ${rooms === undefined ? "" : html`<dt>Rooms</dt><dd>${rooms}</dd>`}
              ${area === undefined ? "" : html`<dt>Area</dt><dd>${areaText(area)}</dd>`}
              ${metrePrice === undefined ? "" : html`<dt>Price per m²</dt><dd>${metrePrice}</dd>`}`;
}

function likePart({ id, likes, liked }: PropertyShown["property"], isPublic: boolean): Html {
  const count =
    likes === 0
      ? "Nobody likes it yet."
      : liked
        ? `${plural(likes, "like")}, one of them yours.`
        : plural(likes, "like");
  const form = (action: "like" | "unlike", label: string) =>
    html`<form method="post" action="${actionPath(id, action)}"><button type="submit"${action === "unlike" ? html` class="quiet"` : ""}>${label}</button></form>`;
  if (!(isPublic || liked)) return html``;
  return html`<div class="actions above">
          ${liked ? form("unlike", "♥ Remove my like") : form("like", "♡ Like")}
          ${isPublic ? html`<a class="button quiet" href="${comparePath}?id=${id}">Compare</a>` : ""}
          <span class="hint">${count}</span>
        </div>`;
}

function staffActions({ id, withdrawnAt }: Property): Html {
  const link = (action: "edit" | "status" | "withdraw" | "restore", label: string, kind = "") =>
    html`<a class="button quiet small${kind}" href="${actionPath(id, action)}">${label}</a>`;
  return html`<div class="actions above">
          ${link("edit", "Edit")} ${link("status", "Change the status")}
          ${withdrawnAt ? link("restore", "Restore") : link("withdraw", "Withdraw", " danger")}
        </div>`;
}

function timeline(history: readonly StatusChange[]): Html {
  if (history.length === 0) return html`<p class="hint">There is none.</p>`;
  return html`<ol class="timeline">
              ${history.map(({ status, updateDate }) => html`<li><strong>${statusLabel(status)}</strong> <span class="hint">${timeText(updateDate)}</span></li>`)}
            </ol>`;
}
