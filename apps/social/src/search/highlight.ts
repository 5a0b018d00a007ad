/** A piece of a text: `match` where it is a word that was searched for. */
export interface HighlightPart {
  text: string;
  match: boolean;
}

const word = /[\p{L}\p{N}\p{M}]+/gu;
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Myanmar}\p{Script=Khmer}]/u;
const fragmentLength = 240;
const lead = 60;

/** A word as `social.title_key` has it, for those characters that most texts are of. */
function keyOf(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, "")
    .replaceAll("ς", "σ")
    .normalize("NFC");
}

/** The places of matching words, as starts and ends (UTF-16 units). */
function places(text: string, words: ReadonlySet<string>): [number, number][] {
  const found: [number, number][] = [];
  const add = (start: number, end: number) => {
    const last = found.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  };
  const pairs = [...words].some((one) => [...one].length === 2 && unspaced.test(one));
  for (const { 0: token, index } of text.matchAll(word)) {
    if (words.has(keyOf(token))) add(index, index + token.length);
    else if (unspaced.test(token)) {
      const signs = [...token];
      let at = index;
      for (const [i, sign] of signs.entries()) {
        const next = signs[i + 1] ?? "";
        // A single sign counts only where the text that was searched for is a single one.
        if (next !== "" && words.has(keyOf(sign + next))) add(at, at + sign.length + next.length);
        else if (!pairs && words.has(keyOf(sign))) add(at, at + sign.length);
        at += sign.length;
      }
    }
  }
  return found;
}

function partsOf(text: string, matches: [number, number][], start: number, end: number): HighlightPart[] {
  const parts: HighlightPart[] = [];
  let at = start;
  const push = (to: number, match: boolean) => {
    if (to > at) parts.push({ text: text.slice(at, to), match });
    at = Math.max(at, to);
  };
  for (const [from, to] of matches) {
    if (from >= end) break;
    if (to <= start) continue;
    push(Math.max(from, start), false);
    push(Math.min(to, end), true);
  }
  push(end, false);
  return parts;
}

/** The whole text in parts, of which those match that are one of `words` (keys). */
export function highlight(text: string, words: string[]): HighlightPart[] {
  return partsOf(text, places(text, new Set(words)), 0, text.length);
}

/** The same for a fragment of the text around its first match, or its beginning. It begins and ends between words where it can. */
export function highlightFragment(text: string, words: string[]): HighlightPart[] {
  const matches = places(text, new Set(words));
  const first = matches[0]?.[0] ?? 0;
  const start = first <= lead ? 0 : boundary(text, first - lead, first);
  const end =
    start + fragmentLength >= text.length
      ? text.length
      : boundary(text, start + fragmentLength - 20, start + fragmentLength);
  const parts = partsOf(text, matches, start, end);
  if (start > 0) parts.unshift({ text: "…", match: false });
  if (end < text.length) parts.push({ text: "…", match: false });
  return parts;
}

/** The place after the first space between two places; without one, the later place, never within a surrogate pair. */
function boundary(text: string, from: number, to: number): number {
  const space = text.slice(from, to).search(/\s/);
  const at = space === -1 ? to : from + space + 1;
  return /[\uDC00-\uDFFF]/.test(text[at] ?? "") ? at - 1 : at;
}
