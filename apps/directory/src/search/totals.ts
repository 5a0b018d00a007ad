import type { PostgresSql } from "@quintet/db";
import type { Word } from "./name-classes.ts";
import { readSample, sampleDivisor } from "./sample-queries.ts";
import { rarestFirst, type SearchPlan } from "./search-plan.ts";
import { countExactly } from "./total-queries.ts";

export interface Total {
  total: number;
  /** False when `total` is an estimate. */
  isExact: boolean;
}

/** Counting up to this many users costs no more than an estimate. */
const cheapCount = 20_000;

/** The max number of users that are counted one by one. */
const maxCounted = 1_000_000;

/**
 * The number of matches in the sample that an estimate is based on: its error is then below 10 % (four standard deviations). With
 * 10,000 matches in the directory the sample has 1250 of them, and never 1500 (seven standard deviations).
 */
const sampleMatches = 1500;

/** Whether the sample has enough matches for an estimate when about `expected` users match. */
export function isEstimable(expected: number): boolean {
  return expected >= sampleMatches * sampleDivisor;
}

/** Estimates how many users match, within 10 %; `mayBeFew` when that may be 10,000 or fewer and the estimate is not reliable. */
export async function estimateTotal(
  sql: PostgresSql,
  words: Word[],
  users: number,
): Promise<{ total: number; mayBeFew: boolean }> {
  const { found, read } = await readSample(sql, words, sampleMatches);
  if (read === undefined) return { total: found * sampleDivisor, mayBeFew: true };
  return { total: Math.round((users * found) / read), mayBeFew: false };
}

/** How many users match: exact up to 10,000 or when counting is cheap, otherwise an estimate within 10 %. */
export async function readTotal(sql: PostgresSql, words: Word[], plan: SearchPlan, users: number): Promise<Total> {
  const exact = async () => ({ total: await countExactly(sql, words, plan), isExact: true });
  if (plan.countCost === 0) return { total: plan.upperBound, isExact: true };
  const sampled = Math.min(users / sampleDivisor, (sampleMatches * users) / Math.max(plan.expected, 1));
  if (plan.countCost <= Math.max(cheapCount, sampled)) return exact();
  const { total, mayBeFew } = await estimateTotal(sql, rarestFirst(words, plan), users);
  if (mayBeFew && plan.countCost <= maxCounted) return exact();
  const least = Math.max(plan.full.last?.users ?? 0, plan.full.first?.users ?? 0);
  return { total: Math.min(Math.max(total, least), plan.upperBound), isExact: false };
}
