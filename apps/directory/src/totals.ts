import type { PostgresSql } from "@quintet/db";
import type { Word } from "./name-classes.ts";
import type { SearchPlan } from "./search-plan.ts";
import { countExactly, readSample } from "./total-queries.ts";

export interface Total {
  total: number;
  /** False when `total` is an estimate, which more than 10,000 users are behind. */
  isExact: boolean;
}

/** Counting so many users is as quick as anything else. */
const countedAtOnce = 20_000;

/** No more users than this are counted one by one. */
const maxCounted = 1_000_000;

/** The sample has one of so many users. */
const sampledPart = 8;

/**
 * An estimate is made of so many found users of the sample, so that its error is below a tenth (four standard deviations). With
 * 10,000 in the directory the sample has 1250 of them, and never 1500 (seven standard deviations).
 */
const wanted = 1500;

/** How many users a search finds: exactly, if they are 10,000 or fewer or easily counted, otherwise within a tenth. */
export async function readTotal(sql: PostgresSql, words: Word[], plan: SearchPlan, users: number): Promise<Total> {
  const exact = async () => ({ total: await countExactly(sql, words, plan), isExact: true });
  const sampled = Math.min(users / sampledPart, (wanted * users) / Math.max(plan.expected, 1));
  if (plan.countCost <= Math.max(countedAtOnce, sampled)) return exact();
  const { found, read } = await readSample(sql, words, plan, wanted);
  if (read === undefined && plan.countCost <= maxCounted) return exact();
  const estimate = read === undefined ? found * sampledPart : Math.round((users * found) / read);
  const least = Math.max(plan.full.last?.users ?? 0, plan.full.first?.users ?? 0);
  return { total: Math.min(Math.max(estimate, least), plan.upperBound), isExact: false };
}
