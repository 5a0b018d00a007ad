import { Problem } from "@quintet/http";

const maxWords = 8;

/**
 * The distinct words of a search as typed, in a fixed order. A user matches when the first or the last name contains each word.
 * Words are folded and compared in Postgres only (`directory.name_key`). Throws `bad-request` for more than 8 words.
 */
export function splitWords(name: string): string[] {
  const words = new Map(
    name
      .normalize("NFC")
      .split(/\s+/u)
      .filter((word) => word !== "")
      .map((word) => [word.toLowerCase(), word]),
  );
  const sorted = [...words].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, word]) => word);
  if (sorted.length <= maxWords) return sorted;
  const message = `must have at most ${maxWords} different words`;
  throw new Problem("bad-request", `name: ${message}`, { errors: [{ path: "name", message }] });
}

/** One text for the same words in any order and case: identifies a search in cursors and cache keys. */
export function searchKey(words: string[]): string {
  return words.join(" ").toLowerCase();
}
