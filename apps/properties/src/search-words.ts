/** Everything that is neither letter nor digit, for JavaScript and for the regular expressions of MySQL and MariaDB alike. */
export const separators = "[^\\p{L}\\p{N}]+";

/** The shortest word that the full-text index holds (`innodb_ft_min_token_size`). */
const shortestIndexed = 3;

/** As many words as `page-by-words.sql` and `scan.sql` have lines for. */
export const mostWords = 8;

/** The words of a free text, without repetitions. */
export function wordsOf(text: string): string[] {
  const words = text.normalize("NFC").split(new RegExp(separators, "u"));
  return [...new Set(words.filter((word) => word !== ""))];
}

/** Whether the full-text index can find something by these words: it needs one of three characters or more. */
export function canSearch(words: string[]): boolean {
  return words.some(isIndexed);
}

/** The words as a boolean full-text query in which each begins a word: only letters and digits, so no operator can come in. */
export function fullTextQuery(words: string[]): string {
  return words
    .filter(isIndexed)
    .map((word) => `+${word}*`)
    .join(" ");
}

/** The words as patterns for LIKE over a text whose words stand between single spaces, as `:word1`, `:word2`, … */
export function wordPatterns(words: string[]): Record<string, string> {
  return Object.fromEntries(words.map((word, i) => [`word${i + 1}`, `% ${word}%`]));
}

function isIndexed(word: string): boolean {
  return [...word].length >= shortestIndexed;
}
