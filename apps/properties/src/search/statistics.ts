import { Problem } from "@quintet/http";
import { type Database, select } from "../database.ts";
import type { VisibleStatus } from "../properties/statuses.ts";
import { fill, numbered, parameters, withLines } from "../sql/statements.ts";
import type { Range } from "./search-request.ts";

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
    ...(year ? { yearMin: year.min ?? -32_768, yearMax: year.max ?? 32_766 } : {}),
  };
  const run = <T>(name: "count-some" | "statistics", more: Record<string, number>) =>
    select<T>(db.searchPool, fill(withLines(db.statements[name], lines), parts), { ...values, ...more });
  const most = db.limits.rowsOfStatistics;
  const [found] = await run<{ count: number }>("count-some", { most: most + 1 });
  if ((found?.count ?? 0) > most) {
    throw tooMany(`Statistics of more than ${most} properties are not computed. Choose a city, a status or years.`);
  }
  const groups = await run<PriceStatistics>("statistics", { rows: maxGroups + 1 });
  if (groups.length > maxGroups) throw tooMany(`There are more than ${maxGroups} groups. Choose cities, or years.`);
  return groups;
}

function tooMany(message: string): Problem {
  return new Problem("unprocessable", message, { errors: [{ path: "by", message }] });
}
