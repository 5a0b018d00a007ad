/** Letters of scripts that are written without spaces between words: each is a word of its own here. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/gu;

/**
 * A text as phrases are looked for in it: its words in lower case without accents and in compatible forms, with a space between and around
 * them. So `ＣＡＳＩＮＯ!` has the phrase `casino`, and `Cassino` has not. "" when there is no letter or digit.
 */
export function wordKey(text: string): string {
  const folded = text.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "");
  const words = folded
    .replace(unspaced, " $& ")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
  return words.length === 0 ? "" : ` ${words.join(" ")} `;
}
