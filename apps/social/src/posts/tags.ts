/** The max number of tags of a post; further words with `#` are text. */
const maxTags = 10;
const maxTagLength = 50;

/** `#` and a word that has a letter. No tag: `C#`, `#1`, a fragment of a URL (`/#part`) or of an entity (`&#x27;`). */
const hashtag = /(?<![\p{L}\p{M}\p{N}_/&#])[#＃](?=[\p{N}_]*\p{L})([\p{L}\p{M}\p{N}_]+)/gu;

/** The form in which two spellings of a tag are equal: compatibility characters (NFKC) and case do not matter, accents do. */
export function normalizeTag(tag: string): string {
  return tag.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}

/** The tags in texts, in their order and once each: words after `#` of at most 50 characters, at most ten. */
export function tagsIn(...texts: string[]): string[] {
  const found = new Set<string>();
  for (const text of texts) {
    for (const [, word = ""] of text.matchAll(hashtag)) {
      const tag = normalizeTag(word);
      if ([...tag].length <= maxTagLength) found.add(tag);
      if (found.size === maxTags) return [...found];
    }
  }
  return [...found];
}
