import { wordsOf } from "./search-words.ts";

/** What the index holds of a listing. */
export interface Listed {
  id: number;
  statusId: number;
  latestDate: Date;
  price: number;
  year: number;
  address: string;
  description: string;
  /** The same for cities that are equal without regard to case and accents. */
  cityKey: string;
}

/** The terms from `from` up to, without it, `to`, as the table orders them. */
export interface TermRange {
  from: string;
  to: string;
}

/** A word is under each of its first beginnings and as a whole, so that a short beginning, which many words have, is one term. */
const shortBeginnings = [1, 2, 3];
/** Of a longer word its beginning is indexed; the text decides whether the rest is there. */
const longestWord = 32;

/** Sorts behind a term and before any other: words are of letters and digits, and all else begins with `=`. */
const next = "!";
const last = "\u{10FFFF}";

/** Everything that a listing is found by. */
export function termsOf(listed: Listed): Set<string> {
  const terms = new Set([
    `=s${listed.statusId}`,
    `=c${listed.cityKey}`,
    ...(["price", "year", "date"] as const).flatMap((column) => {
      const key = column === "date" ? listed.latestDate : listed[column];
      return [bucketTerm(column, "fine", key), bucketTerm(column, "coarse", key)];
    }),
  ]);
  for (const word of wordsOf(`${listed.address} ${listed.description}`)) {
    const letters = [...word];
    for (const length of shortBeginnings) if (letters.length >= length) terms.add(letters.slice(0, length).join(""));
    if (letters.length > shortBeginnings.length) terms.add(letters.slice(0, longestWord).join(""));
  }
  return terms;
}

/** The terms of the words that begin with `word`. */
export function rangeOfWord(word: string): TermRange {
  const letters = [...word];
  if (letters.length <= shortBeginnings.length) return only(word);
  const beginning = letters.slice(0, longestWord).join("");
  return { from: beginning, to: beginning + last };
}

export function rangeOfCity(cityKey: string): TermRange {
  return only(`=c${cityKey}`);
}

export function rangeOfYear(year: number): TermRange {
  return only(bucketTerm("year", "fine", year));
}

/** The statuses from the first id to the last. */
export function rangeOfStatuses(first: number, end: number): TermRange {
  return { from: `=s${first}`, to: `=s${end}${next}` };
}

/** Ranges that together hold every price from `min` to `max`, and some beside them in the bands at both ends. */
export function rangesOfPrices(min: number, max: number): TermRange[] {
  const [first, end] = [coarseBand(min), coarseBand(max)];
  if (first === end) return [{ from: `=p${fineBand(min)}`, to: `=p${fineBand(max)}${next}` }];
  return [
    { from: `=p${fineBand(min)}`, to: `=p${first}${last}` },
    { from: `=P${first}${next}`, to: `=P${end}` },
    { from: `=p${end}`, to: `=p${fineBand(max)}${next}` },
  ];
}

/** Bands of prices by their first two digits, as texts that sort as the prices do. */
function fineBand(price: number): string {
  const digits = String(Math.max(0, Math.trunc(price)));
  return `${String(digits.length).padStart(2, "0")}.${digits.slice(0, 2).padEnd(2, "0")}`;
}

function coarseBand(price: number): string {
  return fineBand(price).slice(0, -1);
}

function only(term: string): TermRange {
  return { from: term, to: term + next };
}

/** What listings are sorted by besides their ids. */
export type BucketColumn = "price" | "year" | "date";

/** A fine bucket is a month, a year or a band of prices of two digits; a coarse one is a year, ten years or a band of one digit. */
export type Grain = "coarse" | "fine";

const bucketSigns = {
  price: { coarse: "=P", fine: "=p" },
  year: { coarse: "=Y", fine: "=y" },
  date: { coarse: "=M", fine: "=m" },
};

/** The term of all listings that an order puts into the same bucket; the terms of a column and a grain sort as their buckets do. */
function bucketTerm(column: BucketColumn, grain: Grain, key: number | Date): string {
  const sign = bucketSigns[column][grain];
  if (key instanceof Date) return sign + key.toISOString().slice(0, grain === "fine" ? 7 : 4);
  if (column === "price") return sign + (grain === "fine" ? fineBand(key) : coarseBand(key));
  const year = String(key).padStart(4, "0");
  return sign + (grain === "fine" ? year : year.slice(0, -1));
}

/** The buckets of an order, from that of a key on or from the first one; the fine ones of a coarse bucket alone when it is given. */
export function bucketsOfOrder(
  column: BucketColumn,
  grain: Grain,
  from: { key: number | Date | undefined; descending: boolean; coarse?: string | undefined },
): TermRange {
  const first = bucketSigns[column][grain] + (from.coarse ?? "").slice(2);
  const end = first + last;
  if (from.key === undefined) return { from: first, to: end };
  const term = bucketTerm(column, grain, from.key);
  const [earlier = first] = [term + next, end].sort();
  const [, later = first] = [term, first].sort();
  return from.descending ? { from: first, to: earlier } : { from: later, to: end };
}

/** What is left of a range from a term on. */
export function restOf(range: TermRange, term: string, descending: boolean): TermRange {
  return descending ? { ...range, to: term + next } : { ...range, from: term };
}

/** The place in an order before all listings of a fine bucket of prices or dates. */
export function placeBefore(term: string, descending: boolean): { key: number | Date; id: number } {
  const id = descending ? Number.MAX_SAFE_INTEGER : -1;
  const text = term.slice(2);
  if (term.startsWith(bucketSigns.date.fine)) {
    const [year = 0, month = 0] = text.split("-").map(Number);
    return { key: new Date(Date.UTC(year, descending ? month : month - 1)), id };
  }
  const [digits = 0, band = 0] = text.split(".").map(Number);
  const width = 10 ** Math.max(0, digits - 2);
  const lowest = digits === 1 ? band / 10 : band * width;
  return { key: descending ? lowest + width : lowest, id };
}
