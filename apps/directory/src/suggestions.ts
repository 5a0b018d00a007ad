import type { PostgresSql } from "@quintet/db";
import { type Answer, tagOf } from "./cached-entry.ts";
import type { Deps } from "./deps.ts";
import { readWords, type Word } from "./name-classes.ts";
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
    const compared = await readWords(searches, words);
    const body = JSON.stringify({ names: await namesFor(searches, compared) });
    // Nobody's details are shown, and names change with those whom the words find.
    return {
      answer: { tag: tagOf(body), body },
      scope: { words: compared.map(({ key }) => key), shows: [], inFull: false },
    };
  });
}

async function namesFor(sql: PostgresSql, words: Word[]): Promise<string[]> {
  const [word, ...others] = words;
  if (!word) return [];
  if (others.length === 0) return readFrequentNames(sql, word, mostNames);
  const users = await findFirst(sql, words, 50);
  return [...new Set(users.map((user) => `${user.firstName} ${user.lastName}`))].slice(0, mostNames);
}
