import { counted, faultOf, faultSummary, type Html, type Refusal } from "@quintet/pages";
import { html } from "hono/html";
import { visibleStatuses } from "../properties/statuses.ts";
import { maxCities } from "../search/search-statements.ts";
import type { Grouping, PriceStatistics } from "../search/statistics.ts";
import { statisticsPath } from "./frame.ts";
import { type PageQuery, searchAddress } from "./page-query.ts";
import { statusLabel } from "./property-texts.ts";

interface StatisticsShown {
  query: PageQuery;
  by: readonly Grouping[];
  /** Undefined for a request that was refused. */
  statistics?: readonly PriceStatistics[] | undefined;
  refusal?: Refusal | undefined;
}

const groupings: [string, string][] = [
  ["", "City"],
  ["year", "Year built"],
  ["city,year", "City and year built"],
];
const labels = { by: "Groups", city: "City", status: "Status", minYear: "Built from", maxYear: "Built to" };

/** What properties cost, by city and year: a table with its filters above it, which are in the URL. */
export function statisticsPage({ query, by, statistics, refusal }: StatisticsShown): Html {
  return html`<h1>Prices</h1>
      <p class="lead">What the properties on offer, and those that were sold, cost.</p>
      ${refusal ? faultSummary(refusal.heading, refusal.faults, labels) : ""}
      ${filters(query, refusal)}
      ${statistics === undefined ? "" : statistics.length === 0 ? html`<p class="empty">No property with a price matches.</p>` : table(statistics, by, query)}
      ${statistics?.length ? html`<p class="hint below">A quarter of the properties of a group cost at most the lower quartile, half of them at most the median, three quarters at most the upper quartile. Properties without a price are left out.</p>` : ""}`;
}

function filters(query: PageQuery, refusal: Refusal | undefined): Html {
  const value = (name: string) => query.get(name) ?? "";
  const cities = [...query.getAll("city"), ""].slice(0, maxCities);
  const options = (list: readonly [string, string][], chosen: string) =>
    list.map(
      ([name, label]) => html`<option value="${name}"${name === chosen ? html` selected` : ""}>${label}</option>`,
    );
  const input = (name: string, id: string, label: string, text: string, more: Html) => {
    const fault = faultOf(refusal?.faults ?? [], name);
    return html`<div class="filter"><label for="${id}">${label}</label><input id="${id}" name="${name}" value="${text}" autocomplete="off" ${more}${fault ? html` aria-invalid="true" aria-describedby="${id}-fault"` : ""} />${fault ? html`<p class="fault" id="${id}-fault">${fault}</p>` : ""}</div>`;
  };
  const digits = html`inputmode="numeric" maxlength="20"`;
  const statuses = visibleStatuses.map((status): [string, string] => [status, statusLabel(status)]);
  return html`<form class="filters by-group" action="${statisticsPath}" method="get">
        <div class="filter"><label for="by">Groups</label><select id="by" name="by">${options(groupings, value("by") === "city" ? "" : value("by"))}</select></div>
        ${cities.map((city, at) => input("city", at === 0 ? "city" : `city-${at}`, at === 0 ? "City" : "Another city", city, html`maxlength="80" spellcheck="false"`))}
        <div class="filter"><label for="status">Status</label><select id="status" name="status">${options([["", "Any"], ...statuses], value("status"))}</select></div>
        ${input("minYear", "minYear", "Built from", value("minYear"), digits)}
        ${input("maxYear", "maxYear", "Built to", value("maxYear"), digits)}
        <button type="submit">Show</button>
      </form>`;
}

function table(statistics: readonly PriceStatistics[], by: readonly Grouping[], query: PageQuery): Html {
  const [hasCity, hasYear] = [by.includes("city"), by.includes("year")];
  const most = Math.max(...statistics.map(({ max }) => max));
  const search = ({ city, year }: PriceStatistics) => {
    const found = new URLSearchParams(query);
    found.delete("by");
    if (city !== undefined) found.set("city", city);
    if (year !== undefined) {
      for (const name of ["minYear", "maxYear"]) found.delete(name);
      found.set("year", String(year));
    }
    return searchAddress(found);
  };
  const inMillions = most >= million * 100;
  const amount = (price: number) => counted(inMillions ? Math.round(price / (million / 10)) / 10 : Math.round(price));
  const columns = ["Properties", "Median", "Lower quartile", "Upper quartile", "Lowest", "Highest"];
  return html`<p>In ${inMillions ? "millions of " : ""}Colombian pesos:</p>
      <div class="table grid" role="region" aria-label="Prices by group" tabindex="0"><table>
        <thead><tr>
          ${hasCity ? html`<th scope="col">City</th>` : ""}${hasYear ? html`<th scope="col">Built</th>` : ""}
          ${columns.map((column) => html`<th scope="col" class="number">${column}</th>`)}
          <th scope="col">Range</th>
        </tr></thead>
        <tbody>
          ${statistics.map((group) => {
            const { city, year, count, min, lowerQuartile, median, upperQuartile, max } = group;
            const prices = [median, lowerQuartile, upperQuartile, min, max].map(amount);
            return html`<tr>
            <th scope="row"><a href="${search(group)}">${hasCity ? city : year}</a></th>${hasCity && hasYear ? html`<td>${year}</td>` : ""}
            <td class="number">${counted(count)}</td>${prices.map((price, at) => html`<td class="number">${at === 0 ? html`<strong>${price}</strong>` : price}</td>`)}
            <td>${spread(group, most)}</td>
          </tr>
          `;
          })}
        </tbody>
      </table></div>`;
}

const million = 1_000_000;
const barWidth = 120;

/** The prices of a group as a line from the lowest to the highest, with a box between the quartiles; the table has the numbers. */
function spread({ min, lowerQuartile, median, upperQuartile, max }: PriceStatistics, most: number): Html {
  const x = (price: number) => Math.round((price / Math.max(1, most)) * barWidth * 10) / 10;
  return html`<svg class="spread" viewBox="0 0 ${barWidth} 14" width="${barWidth}" height="14" aria-hidden="true"><path d="M${x(min)} 7H${x(max)}"/><rect x="${x(lowerQuartile)}" y="2" width="${Math.max(1, x(upperQuartile) - x(lowerQuartile))}" height="10" rx="2"/><path class="median" d="M${x(median)} 1V13"/></svg>`;
}
