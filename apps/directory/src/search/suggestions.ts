import type { PostgresSql } from "@quintet/db";
import { etagOf } from "@quintet/http";
import type { CachedResponse } from "../cache/cached-entry.ts";
import type { CacheState } from "../cache/response-cache.ts";
import type { Deps } from "../deps.ts";
import { readWords, type Word } from "./name-classes.ts";
import { findFirst } from "./search.ts";
import { searchKey, splitWords } from "./search-words.ts";
import { readFrequentNames } from "./suggestion-queries.ts";

const maxNames = 10;

/**
 * Up to 10 names for the text typed so far, cached: for one word the first and last names that begin with it or contain it, the
 * most frequent first; for several words the full names of matching users.
 */
export function suggestNames(
  { searches, cache }: Pick<Deps, "searches" | "cache">,
  typed: string,
): Promise<{ response: CachedResponse; state: CacheState }> {
  const words = splitWords(typed);
  return cache.read(JSON.stringify(["suggest", searchKey(words)]), async () => {
    const compared = await readWords(searches, words);
    const body = JSON.stringify({ names: await namesFor(searches, compared) });
    // No user's details are shown, and the names depend only on the users whom the words find.
    return {
      response: { etag: etagOf(body), body },
      scope: { words: compared.map(({ key }) => key), shows: [], inFull: false },
    };
  });
}

async function namesFor(sql: PostgresSql, words: Word[]): Promise<string[]> {
  const [word, ...others] = words;
  if (!word) return [];
  if (others.length === 0) return readFrequentNames(sql, word, maxNames);
  const users = await findFirst(sql, words, 50);
  return [...new Set(users.map((user) => `${user.firstName} ${user.lastName}`))].slice(0, maxNames);
}
