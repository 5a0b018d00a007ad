import type { InputFault } from "@quintet/http";
import { faultSummary, type Html, plural } from "@quintet/pages";
import { html } from "hono/html";
import type { MapTiles } from "../map-tiles.ts";
import type { OptionalColumn } from "../source/source.ts";
import { areaText, typeText } from "./features.ts";
import { home } from "./frame.ts";
import { hasMap, mapOf } from "./map.ts";
import { shownMoment } from "./new-since.ts";
import { type PageQuery, searchAddress, withoutValue } from "./page-query.ts";
import { type ListedProperty, propertyCards } from "./property-cards.ts";
import { priceText, statusLabel } from "./property-texts.ts";
import { type FacetCounts, searchForm } from "./search-form.ts";

/** What a search found. */
export interface Results {
  properties: readonly ListedProperty[];
  /** How many there are on all pages, and whether that is exact. */
  total: number;
  isExact: boolean;
  /** The cursor of the next page. */
  next: string | null;
}

interface SearchShown {
  query: PageQuery;
  facets: FacetCounts;
  /** The optional columns that the table `property` has. */
  columns: ReadonlySet<OptionalColumn>;
  /** Undefined for a search that was refused. */
  results?: Results | undefined;
  isFirst: boolean;
  /** Where the tiles of the map come from, if it has any. */
  tiles?: MapTiles | undefined;
  /** A form that saves the search. */
  save?: Html | undefined;
  refusal?: { heading: string; faults: InputFault[] } | undefined;
}

const labels = {
  q: "Words",
  city: "City",
  status: "Status",
  year: "Built in",
  minYear: "Built from",
  maxYear: "Built to",
  minPrice: "Price from",
  maxPrice: "Price to",
  type: "Type",
  rooms: "Rooms",
  minRooms: "Rooms from",
  minArea: "Area from",
  maxArea: "Area to",
  near: "Near",
  bbox: "Area",
  newSince: "New since",
};

/** The search: its filters with the number of results of each, and the properties that match. */
export function searchPage({ query, facets, columns, results, isFirst, tiles, save, refusal }: SearchShown): Html {
  const types = results?.properties.flatMap(({ type }) => type ?? []) ?? [];
  return html`<h1>Find a property</h1>
      ${refusal ? faultSummary(refusal.heading, refusal.faults, labels) : ""}
      <div class="search-layout">
        ${searchForm({ query, facets, columns, types, faults: refusal?.faults ?? [] })}
        <section class="found" aria-labelledby="found">
          ${results ? html`${found({ query, results, isFirst, tiles })}${save ?? ""}` : html`<h2 id="found">No results</h2><p>Change the filters, or <a href="${home}">start again</a>.</p>`}
        </section>
      </div>`;
}

type Found = Pick<SearchShown, "query" | "isFirst" | "tiles"> & { results: Results };

function found({ query, results, isFirst, tiles }: Found): Html {
  const { properties, total, isExact, next } = results;
  const box = query.get("bbox") ?? undefined;
  const map = hasMap(properties, box) ? mapOf({ properties, tiles, skipTo: "results", search: { box } }) : "";
  if (properties.length === 0 && isFirst) return nothing(query, map);
  const number = plural(total, "property", "properties");
  return html`<h2 id="found">${isExact ? number : `At most ${number}`}</h2>
          ${filtersInUse(query)}
          ${map}
          <div id="results" tabindex="-1">
          ${properties.length === 0 ? html`<p class="empty">The properties of this page have changed meanwhile.</p>` : propertyCards(properties)}
          </div>
          ${pages(query, isFirst, next)}`;
}

function nothing(query: PageQuery, map: Html | ""): Html {
  return html`<h2 id="found">No property matches</h2>
          ${filtersInUse(query)}
          ${map}
          <div class="empty" id="results" tabindex="-1">
            <p>${query.size === 0 ? "There are no properties yet." : "Take a filter away, widen the price, the years or the area, or try fewer words: each word must be in the address or the description."}</p>
            ${query.size === 0 ? "" : html`<p><a href="${home}">Show all properties</a></p>`}
          </div>`;
}

/** Each filter in use, with a way to take it away. */
function filtersInUse(query: PageQuery): Html | "" {
  const used = [...query].filter(([name]) => Object.hasOwn(labels, name));
  if (used.length === 0) return "";
  const items = used.map(([name, value]) => {
    const text = filterText(name, value);
    return html`<li><a class="chip" href="${searchAddress(withoutValue(query, name, value))}"><span class="hidden">Remove </span>${text} <span aria-hidden="true">×</span></a></li>`;
  });
  return html`<ul class="chips" aria-label="Filters in use">${items}</ul>`;
}

/** The filters of a query in words. */
export function filterTexts(query: PageQuery): string[] {
  return [...query].filter(([name]) => name !== "sort").map(([name, value]) => filterText(name, value));
}

function filterText(name: string, value: string): string {
  const label = Object.hasOwn(labels, name) ? labels[name as keyof typeof labels] : name;
  return `${label}: ${valueText(name, value)}`;
}

function valueText(name: string, value: string): string {
  if (name === "newSince") return shownMoment(value);
  if (name === "status") return statusLabel(value);
  if (name === "type") return typeText(value);
  if (name === "bbox") return "on the map";
  if (name === "near") return nearText(value);
  if (name.endsWith("Area") && /^\d{1,15}$/.test(value)) return areaText(Number(value));
  return name.endsWith("Price") && /^\d{1,15}$/.test(value) ? priceText(Number(value)) : value;
}

function nearText(value: string): string {
  const [lat = "", lon = "", km = ""] = value.split(",");
  return `${km} km around ${lat}, ${lon}`;
}

function pages(query: PageQuery, isFirst: boolean, next: string | null): Html | "" {
  if (isFirst && next === null) return "";
  return html`<nav class="pages" aria-label="Pages of results"><ul>
            ${isFirst ? "" : html`<li><a href="${searchAddress(query)}">First page</a></li>`}
            ${next === null ? "" : html`<li><a href="${searchAddress(query, { cursor: next })}" rel="next">Next page</a></li>`}
          </ul></nav>`;
}
