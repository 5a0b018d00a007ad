/** As many words as a search may have: each reads its part of the index. */
export const maxWords = 8;

/**
 * A text without regard to case and accents: what it is compared by, in listings and in searches alike. Compatibility forms
 * are the plain ones (`²` is `2`), marks are left out, and letters that differ in capitals alone are one (`ß` and `ss`, `ς` and `σ`).
 */
function fold(text: string): string {
  const plain = (some: string) => some.normalize("NFKD").replaceAll(/\p{M}+/gu, "");
  return plain(plain(text).toLowerCase().toUpperCase().toLowerCase()).replaceAll("ς", "σ");
}

/** The words of a text, folded, each once: all that stands between other signs than letters and digits. */
export function wordsOf(text: string): string[] {
  return [...new Set(fold(text).match(/[\p{L}\p{N}]+/gu) ?? [])];
}

/** Whether each of the words begins a word of the text. `words` are those of `wordsOf`. */
export function hasWords(text: string, words: string[]): boolean {
  if (words.length === 0) return true;
  const found = wordsOf(text);
  return words.every((word) => found.some((one) => one.startsWith(word)));
}
