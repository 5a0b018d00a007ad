/** Max words of a search, because each of them reads a part of the index. */
export const maxWords = 8;

/**
 * Folds a text for comparison: ignores case and accents, replaces compatibility forms (`²` by `2`), removes marks, and unifies letters that
 * have the same capital (`ß` and `ss`, `ς` and `σ`).
 */
function fold(text: string): string {
  const plain = (some: string) => some.normalize("NFKD").replaceAll(/\p{M}+/gu, "");
  return plain(plain(text).toLowerCase().toUpperCase().toLowerCase()).replaceAll("ς", "σ");
}

/** The distinct folded words of a text: its sequences of letters and digits. */
export function wordsOf(text: string): string[] {
  return [...new Set(fold(text).match(/[\p{L}\p{N}]+/gu) ?? [])];
}

/** Whether each of `words`, from `wordsOf`, is the beginning of a word of the text. */
export function matchesWords(text: string, words: string[]): boolean {
  if (words.length === 0) return true;
  const found = wordsOf(text);
  return words.every((word) => found.some((one) => one.startsWith(word)));
}
