import type { InputFault } from "@quintet/http";
import { counted, faultOf, type Html, hidden } from "@quintet/pages";
import { html } from "hono/html";
import { visibleStatuses } from "../properties/statuses.ts";
import type { FacetCount, FacetName } from "../search/facets.ts";
import type { Sort } from "../search/sort-orders.ts";
import type { OptionalColumn } from "../source/source.ts";
import { typeText } from "./features.ts";
import { home } from "./frame.ts";
import { newSinceField } from "./new-since.ts";
import { type PageQuery, searchAddress, withParameters } from "./page-query.ts";
import { statusLabel } from "./property-texts.ts";

/** How many results each value of a facet would have; undefined where no index counts them. */
export type FacetCounts = { [N in FacetName]?: FacetCount[] | undefined };

const sortLabels: [Sort, string][] = [
  ["newest", "Newest first"],
  ["price", "Price, lowest first"],
  ["-price", "Price, highest first"],
  ["-year", "Year built, latest first"],
  ["year", "Year built, earliest first"],
  ["id", "Number, lowest first"],
  ["-id", "Number, highest first"],
];

const nearestFirst: [Sort, string] = ["distance", "Nearest first"];

/** The order of the page by default. */
export const pageSort: Sort = "newest";

/** How many cities are offered before the others are folded away. */
const shownCities = 8;
/** How many types of the results are offered. */
const shownTypes = 8;

interface FormShown {
  query: PageQuery;
  facets: FacetCounts;
  /** The optional columns that the table `property` has: only these are filters. */
  columns: ReadonlySet<OptionalColumn>;
  /** Types that some results have. */
  types: readonly string[];
  faults: InputFault[];
}

/** Filters without a field of their own, which stay as they are. */
const keptFilters = ["year", "rooms", "near", "bbox"];

/** The filters beside the results: a form of the page's URL, with how many results each choice has. */
export function searchForm({ query, facets, columns, types, faults }: FormShown): Html {
  const value = (name: string) => query.get(name) ?? "";
  const input = (name: string, label: string, more: Html) => {
    const fault = faultOf(faults, name);
    const marked = fault === undefined ? "" : html` aria-invalid="true" aria-describedby="${name}-fault"`;
    return html`<div class="filter"><label for="${name}">${label}</label><input id="${name}" name="${name}" value="${value(name)}" autocomplete="off" ${more}${marked} />${faultText(faults, name)}</div>`;
  };
  const digits = html`inputmode="numeric" maxlength="20"`;
  const range = (legend: string, name: string, more: Html | "" = "") =>
    html`<fieldset><legend>${legend}</legend><div class="pair">${input(`min${name}`, "From", digits)}${input(`max${name}`, "To", digits)}</div>${more}</fieldset>`;
  const sort = query.get("sort") ?? pageSort;
  const sorts = query.has("near") ? [...sortLabels, nearestFirst] : sortLabels;
  return html`<form class="search" role="search" action="${home}" method="get">
          <div class="filters wide-filters">
            ${input("q", "Words", html`type="search" maxlength="100" placeholder="balcón, Chapinero, Calle 72" spellcheck="false"`)}
            <div class="filter short"><label for="sort">Order</label><select id="sort" name="sort">
              ${sorts.map(([name, label]) => html`<option value="${name === pageSort ? "" : name}"${name === sort ? html` selected` : ""}>${label}</option>`)}
            </select></div>
            <button type="submit">Search</button>
          </div>
          <details class="refine"${faults.some(({ path }) => path !== "q") ? html` open` : ""}>
            <summary>Filters</summary>
            <div class="refine-parts">
              ${range("Price in pesos", "Price")}
              ${columns.has("area") ? range("Area in m²", "Area") : ""}
              ${range("Year built", "Year", decades(query, facets.year))}
              ${columns.has("rooms") ? roomsFilter(query, faults) : ""}
              <fieldset><legend>Status</legend>${statuses(query, facets.status)}${faultText(faults, "status")}</fieldset>
              ${columns.has("type") ? typeFilter(query, types, faults) : ""}
              <fieldset><legend>City</legend>${cities(query, facets.city)}${faultText(faults, "city")}</fieldset>
              <fieldset><legend>New</legend>${newSinceField(query.get("newSince"))}${faultText(faults, "newSince")}</fieldset>
              ${keptFilters.map((name) => (query.has(name) ? hidden(name, value(name)) : ""))}
              <p class="actions"><button type="submit">Apply</button> <a class="button quiet" href="${home}">Clear</a></p>
            </div>
          </details>
        </form>`;
}

function faultText(faults: InputFault[], name: string): Html | "" {
  const fault = faultOf(faults, name);
  return fault === undefined ? "" : html`<p class="fault" id="${name}-fault">${fault}</p>`;
}

/** How many rooms at least; a number that is not offered is, when it is chosen. */
function roomsFilter(query: PageQuery, faults: InputFault[]): Html {
  const chosen = query.get("minRooms") ?? "";
  const numbers = ["1", "2", "3", "4", "5"];
  const offered = ["", ...numbers, ...(chosen === "" || numbers.includes(chosen) ? [] : [chosen])];
  return html`<div class="filter"><label for="minRooms">Rooms</label><select id="minRooms" name="minRooms">
                ${offered.map((number) => html`<option value="${number}"${number === chosen ? html` selected` : ""}>${number === "" ? "Any number" : `${number} or more`}</option>`)}
              </select>${faultText(faults, "minRooms")}${faultText(faults, "rooms")}</div>`;
}

/** Types: those that are chosen, those of the results, and a field for another one. */
function typeFilter(query: PageQuery, types: readonly string[], faults: InputFault[]): Html {
  const chosen = query.getAll("type");
  const isChosen = (type: string) => chosen.some((one) => folded(one) === folded(type));
  const found = [...new Map(types.map((type) => [folded(type), type])).values()].sort((a, b) => a.localeCompare(b));
  const offered = [...chosen, ...found.filter((type) => !isChosen(type)).slice(0, shownTypes)];
  return html`<fieldset><legend>Type</legend>
                ${offered.map((type) => choice({ name: "type", value: type, label: typeText(type), count: undefined, chosen: isChosen(type) }))}
                <div class="filter"><label class="hidden" for="type">Another type</label><input id="type" name="type" maxlength="80" placeholder="Another type" autocomplete="off" spellcheck="false" /></div>
                ${faultText(faults, "type")}
              </fieldset>`;
}

interface Choice {
  name: string;
  value: string;
  label: string;
  count: number | undefined;
  chosen: boolean;
}

function choice({ name, value, label, count, chosen }: Choice): Html {
  const number = count === undefined ? "" : html` <span class="count">${counted(count)}</span>`;
  return html`<label class="choice"><input type="checkbox" name="${name}" value="${value}"${chosen ? html` checked` : ""} /> <span>${label}</span>${number}</label>`;
}

function statuses(query: PageQuery, counts: FacetCount[] | undefined): Html[] {
  const chosen = query.getAll("status");
  return visibleStatuses.map((status) =>
    choice({
      ...{ name: "status", value: status, label: statusLabel(status), chosen: chosen.includes(status) },
      count: counts && (counts.find(({ value }) => value === status)?.count ?? 0),
    }),
  );
}

/** Case and accents make no other city. */
function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

function cities(query: PageQuery, counts: FacetCount[] | undefined): Html {
  const chosen = query.getAll("city");
  const isChosen = (city: string) => chosen.some((one) => folded(one) === folded(city));
  const known = (counts ?? []).map(({ value, count }) => ({ city: String(value), count }));
  const missing = chosen
    .filter((city) => !known.some((one) => folded(one.city) === folded(city)))
    .map((city) => ({ city, count: counts ? 0 : undefined }));
  const all = [...missing, ...known].map(({ city, count }) => ({
    ...{ name: "city", value: city, label: city, count, chosen: isChosen(city) },
  }));
  const first = all.filter((one, at) => one.chosen || at < shownCities);
  const others = all.filter((one) => !first.includes(one));
  if (all.length === 0) return html`<p class="hint">Add words to see the cities.</p>`;
  return html`${first.map(choice)}${others.length === 0 ? "" : html`<details class="more"><summary>${counted(others.length)} more</summary>${others.map(choice)}</details>`}`;
}

/** Ways to the properties of a decade. */
function decades(query: PageQuery, counts: FacetCount[] | undefined): Html | "" {
  const groups = Map.groupBy(counts ?? [], ({ value }) => Math.floor(Number(value) / 10) * 10);
  const latest = [...groups].sort(([a], [b]) => b - a).slice(0, 6);
  if (latest.length < 2) return "";
  const links = latest.map(([decade, years]) => {
    const total = years.reduce((sum, { count }) => sum + count, 0);
    const range = { year: undefined, minYear: String(decade), maxYear: String(decade + 9) };
    return html`<li><a href="${searchAddress(withParameters(query, range))}">${decade}s</a> <span class="count">${counted(total)}</span></li>`;
  });
  return html`<ul class="decades">${links}</ul>`;
}
