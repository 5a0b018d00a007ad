import type { PostgresSql } from "@quintet/db";
import { type Answer, tagOf } from "./cached-entry.ts";
import type { Deps } from "./deps.ts";
import { readWords } from "./name-classes.ts";
import type { CacheState } from "./result-cache.ts";
import { findFirst } from "./search.ts";
import { searchOf, wordsOf } from "./search-words.ts";
import { readFrequentNames } from "./suggestion-queries.ts";

const mostNames = 10;

/**
 * Up to 10 names for what has been typed, out of the cache when they are there: for one word the first and last names that
 * begin with it or contain it, the most frequent first; for several the full names of users whom they find.
 */
export function suggestNames(
  { searches, cache }: Pick<Deps, "searches" | "cache">,
  typed: string,
): Promise<{ answer: Answer; state: CacheState }> {
  const words = wordsOf(typed);
  return cache.read(JSON.stringify(["suggest", searchOf(words)]), async () => {
    const body = JSON.stringify({ names: await namesFor(searches, words) });
    return { tag: tagOf(body), body };
  });
}

async function namesFor(sql: PostgresSql, words: string[]): Promise<string[]> {
  const compared = await readWords(sql, words);
  const [word, ...others] = compared;
  if (!word) return [];
  if (others.length === 0) return readFrequentNames(sql, word, mostNames);
  const users = await findFirst(sql, compared, 50);
  return [...new Set(users.map((user) => `${user.firstName} ${user.lastName}`))].slice(0, mostNames);
}
