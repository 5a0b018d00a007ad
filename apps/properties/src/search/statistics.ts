import { setImmediate as others } from "node:timers/promises";
import { Problem } from "@quintet/http";
import { type Database, select } from "../database.ts";
import type { VisibleStatus } from "../properties/statuses.ts";
import { fill, numbered, parameters, type RowOf, withLines } from "../sql/statements.ts";
import type { Range } from "./search-request.ts";
import { openEnds } from "./search-statements.ts";

export const groupings = ["city", "year"] as const;

export type Grouping = (typeof groupings)[number];

/** The prices of a group of properties. */
export interface PriceStatistics {
  city?: string;
  year?: number;
  count: number;
  min: number;
  lowerQuartile: number;
  median: number;
  upperQuartile: number;
  max: number;
}

/** Which properties are in the statistics, and how they are grouped. */
export interface StatisticsRequest {
  by: Grouping[];
  cities: string[];
  statuses: VisibleStatus[];
  year?: Range | undefined;
}

/** Max groups of the statistics. */
export const maxGroups = 1000;

/** What `listing` has in place of no year. */
const noYear = 32_767;

/**
 * Exact statistics of the prices of visible properties. Few listings are read by one statement, more of them from what the process remembers.
 * Throws `unprocessable` when there are more than it may remember, or too many groups.
 */
export async function priceStatistics(db: Database, request: StatisticsRequest): Promise<PriceStatistics[]> {
  const { by, cities, year } = request;
  const statusIds = (await db.fresh()).searchedIds(request.statuses);
  const lines = new Set([
    ...by,
    ...(by.length === 1 ? ["only"] : []),
    ...(cities.length > 0 ? ["cities"] : []),
    ...(year ? ["years"] : []),
  ]);
  const parts = {
    index: `FORCE INDEX (${cities.length > 0 ? "by_city_year_id" : year ? "by_year_id" : "by_id"})`,
    groups: by.map((name) => `l.${name}`).join(", "),
    statuses: parameters("status", statusIds.length),
    cities: parameters("city", cities.length),
  };
  const values = {
    ...numbered("status", statusIds, statusIds.length),
    ...numbered("city", cities, cities.length),
    ...(year ? { yearMin: year.min ?? openEnds.year.min, yearMax: year.max ?? openEnds.year.max } : {}),
  };
  const textOf = <N extends "count-some" | "statistics">(name: N) => fill(withLines(db.statements[name], lines), parts);
  const most = db.limits.rowsOfStatistics;
  const [found] = await select(db.searchPool, textOf("count-some"), { ...values, most: most + 1 });
  if ((found?.count ?? 0) > most) return statisticsOfBlocks(db, request, statusIds);
  const groups = await select(db.searchPool, textOf("statistics"), { ...values, rows: maxGroups + 1 });
  if (groups.length > maxGroups) throw tooManyGroups();
  return groups.map(toStatistics);
}

/** The prices of a group, and how often each spelling of its city occurs. */
interface Group {
  weight: string;
  year: number;
  prices: number[];
  spellings: Map<string, number>;
}

/** The same of many listings, from what the process remembers of them: a statement would read and sort them all for each request. */
async function statisticsOfBlocks(
  db: Database,
  request: StatisticsRequest,
  statusIds: number[],
): Promise<PriceStatistics[]> {
  const byCity = request.by.includes("city");
  const groups = await groupPrices(db, request, statusIds);
  const sorted = groups.toSorted((a, b) => (a.weight < b.weight ? -1 : a.weight > b.weight ? 1 : a.year - b.year));
  const statistics: PriceStatistics[] = [];
  for (const { year, prices, spellings } of sorted) {
    const all = Float64Array.from(prices).sort();
    const [city] = [...spellings].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0] ?? [];
    statistics.push({
      ...(byCity && city !== undefined ? { city } : {}),
      ...(request.by.includes("year") ? { year } : {}),
      count: all.length,
      min: quantile(all, 0),
      lowerQuartile: quantile(all, 0.25),
      median: quantile(all, 0.5),
      upperQuartile: quantile(all, 0.75),
      max: quantile(all, 1),
    });
    await others();
  }
  return statistics;
}

async function groupPrices(db: Database, request: StatisticsRequest, statusIds: number[]): Promise<Group[]> {
  const { by, cities, year } = request;
  const blocks = await db.prices.read();
  if (!blocks) {
    throw tooMany("Statistics of so many properties are not computed. Choose a city, a status or years.");
  }
  const [byCity, byYear] = [by.includes("city"), by.includes("year")];
  const { min = openEnds.year.min, max = openEnds.year.max } = year ?? {};
  const wanted = new Set(statusIds);
  const spellings = db.prices.cities;
  const weights = new Set(cities.length > 0 ? await weightsOf(db, cities) : []);
  const isWanted = spellings.map(({ weight }) => cities.length === 0 || weights.has(weight));
  // The first place of each weight stands for all of its spellings.
  const first = new Map<string, number>();
  const groupOf = spellings.map(({ weight }, place) => {
    if (!first.has(weight)) first.set(weight, place);
    return first.get(weight) ?? place;
  });
  const groups = new Map<number, Group>();
  for (const block of blocks) {
    for (const [i, price] of block.prices.entries()) {
      const [city = -1, built = noYear] = [block.cities[i], block.years[i]];
      if (!wanted.has(block.statusIds[i] ?? 0)) continue;
      if (city < 0 ? byCity || cities.length > 0 : !isWanted[city]) continue;
      if ((byYear && built === noYear) || (year && (built < min || built > max))) continue;
      const key = (byCity ? (groupOf[city] ?? 0) : 0) * 65_536 + (byYear ? built + 32_768 : 0);
      let group = groups.get(key);
      if (!group) {
        if (groups.size === maxGroups) throw tooManyGroups();
        group = {
          weight: byCity ? (spellings[city]?.weight ?? "") : "",
          year: built,
          prices: [],
          spellings: new Map(),
        };
        groups.set(key, group);
      }
      group.prices.push(price);
      const name = byCity ? spellings[city]?.city : undefined;
      if (name !== undefined) group.spellings.set(name, (group.spellings.get(name) ?? 0) + 1);
    }
    await others();
  }
  return [...groups.values()];
}

async function weightsOf(db: Database, cities: string[]): Promise<string[]> {
  const weights: string[] = [];
  for (const text of cities) {
    const [found] = await select(db.searchPool, db.statements["city-weight"], { text });
    weights.push(found?.weight ?? "");
  }
  return weights;
}

/** A quantile of sorted prices, between two of them where it falls between two (as PERCENTILE_CONT). */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [low = 0, high = 0] = [sorted[below], sorted[Math.ceil(place)]];
  return low + (high - low) * (place - below);
}

/** A group as it is sent. It has a price, and a city when it is that of one, since the statement reads no others. */
function toStatistics({ city, year, count, ...prices }: RowOf<"statistics">): PriceStatistics {
  const known = (name: keyof typeof prices) => {
    const price = prices[name];
    if (price === null) throw new Error(`A group of listings has no ${name}.`);
    return price;
  };
  return {
    ...(typeof city === "string" ? { city } : {}),
    ...(year === undefined ? {} : { year }),
    count,
    min: known("min"),
    lowerQuartile: known("lowerQuartile"),
    median: known("median"),
    upperQuartile: known("upperQuartile"),
    max: known("max"),
  };
}

function tooManyGroups(): Problem {
  return tooMany(`There are more than ${maxGroups} groups. Choose cities, or years.`);
}

function tooMany(message: string): Problem {
  return new Problem("unprocessable", message, { errors: [{ path: "by", message }] });
}
