import { Problem } from "@quintet/http";

const maxWords = 8;

/**
 * The different words of a search as they were typed, in an order of their own. A user is found when each word stands in some
 * part of the first or the last name. How they are compared is not known here, but to Postgres: `directory.name_key`.
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

/** One text for the same words, however they were typed: what cursors and cached responses belong to. */
export function searchKey(words: string[]): string {
  return words.join(" ").toLowerCase();
}
