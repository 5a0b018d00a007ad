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

/**
 * Exact statistics of the prices of visible properties. Throws `unprocessable` when more listings than the limit would have to be read, or
 * when there are too many groups.
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
  if ((found?.count ?? 0) > most) {
    throw tooMany(`Statistics of more than ${most} properties are not computed. Choose a city, a status or years.`);
  }
  const groups = await select(db.searchPool, textOf("statistics"), { ...values, rows: maxGroups + 1 });
  if (groups.length > maxGroups) throw tooMany(`There are more than ${maxGroups} groups. Choose cities, or years.`);
  return groups.map(toStatistics);
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

function tooMany(message: string): Problem {
  return new Problem("unprocessable", message, { errors: [{ path: "by", message }] });
}
