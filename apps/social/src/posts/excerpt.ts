/** The max length of an excerpt, in characters (code points, as Postgres counts them). */
export const excerptLength = 500;
/** How many more characters an excerpt is made from: enough to see whether the last one has more parts. */
export const lookahead = 64;

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

/**
 * The start of a text: at most `excerptLength` characters, cut where no character that a reader sees is split. One that alone is longer is
 * split all the same. `start` may be the first `excerptLength + lookahead` characters of the text.
 */
export function excerptOf(start: string): string {
  const points = [...start];
  if (points.length <= excerptLength) return start;
  const cut = points.slice(0, excerptLength).join("").length;
  const whole = graphemes.segment(start).containing(cut)?.index ?? cut;
  return start.slice(0, whole > 0 ? whole : cut);
}
