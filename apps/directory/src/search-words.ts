import { Problem } from "@quintet/http";

const mostWords = 8;

/**
 * The different words of a search, in an order of their own, so that the same search has one form however it was typed.
 * A user is found when each word stands in some part of the first or the last name.
 */
export function wordsOf(name: string): string[] {
  const words = [...new Set(name.normalize("NFC").toLowerCase().split(/\s+/u))].filter((word) => word !== "").sort();
  if (words.length <= mostWords) return words;
  const message = `must have at most ${mostWords} different words`;
  throw new Problem("bad-request", `name: ${message}`, { errors: [{ path: "name", message }] });
}
