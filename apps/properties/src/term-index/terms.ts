import { wordsOf } from "./words.ts";

/** The fields of a listing that searches filter and sort by. */
export interface ListedFields {
  statusId: number | null;
  latestDate: Date | null;
  price: number | null;
  year: number | null;
  /** Equal for cities that differ only in case and accents. */
  cityKey: string | null;
  rooms: number | null;
  area: number | null;
  /** Equal for types that differ only in case and accents. */
  typeKey: string | null;
  /** When it became visible first. */
  firstSeen: Date | null;
}

/** The fields of a listing that are indexed. */
export interface IndexedListing extends ListedFields {
  id: number;
  address: string | null;
  description: string | null;
}

/** The terms from `from` (inclusive) to `to` (exclusive), in the order of the table. */
export interface TermRange {
  from: string;
  to: string;
}

/** A word is indexed by its short prefixes and as a whole, so that a short prefix, which many words share, is a single term. */
const prefixLengths = [1, 2, 3];
/** Longer words are indexed by a prefix of this length; the rest is checked on the text. */
const maxTermLength = 32;

/** Sorts after a term and before any other one: words consist of letters and digits, and all other terms begin with `=`. */
const next = "!";
const last = "\u{10FFFF}";

/** All terms of a listing. */
export function termsOf(listed: IndexedListing): Set<string> {
  return filterTermsOf(listed).union(wordTermsOf(listed));
}

/** The terms of the fields that a listing has. */
export function filterTermsOf(listed: ListedFields): Set<string> {
  const { statusId, cityKey, rooms, area, typeKey } = listed;
  return new Set([
    ...(statusId === null ? [] : [`=s${statusId}`]),
    ...(cityKey === null ? [] : [`=c${cityKey}`]),
    ...(typeKey === null ? [] : [`=t${typeKey}`]),
    ...(rooms === null ? [] : [roomsTerm(rooms)]),
    ...(area === null ? [] : [`=a${fineBand(area)}`]),
    ...(["price", "year", "date", "seen"] as const).flatMap((column) => {
      const key = column === "date" ? listed.latestDate : column === "seen" ? listed.firstSeen : listed[column];
      return key === null ? [] : [bucketTerm(column, "fine", key), bucketTerm(column, "coarse", key)];
    }),
  ]);
}

/** Whether a term is of a word, not of another field. */
export function isWord(term: string): boolean {
  return !term.startsWith("=");
}

/** The terms of the words of a listing. */
export function wordTermsOf({ address, description }: Pick<IndexedListing, "address" | "description">): Set<string> {
  const terms = new Set<string>();
  for (const word of wordsOf(`${address ?? ""} ${description ?? ""}`)) {
    const letters = [...word];
    for (const length of prefixLengths) if (letters.length >= length) terms.add(letters.slice(0, length).join(""));
    if (letters.length > prefixLengths.length) terms.add(letters.slice(0, maxTermLength).join(""));
  }
  return terms;
}

/** The terms of the words that begin with `word`. */
export function rangeOfWord(word: string): TermRange {
  const letters = [...word];
  if (letters.length <= prefixLengths.length) return only(word);
  const beginning = letters.slice(0, maxTermLength).join("");
  return { from: beginning, to: beginning + last };
}

export function rangeOfCity(cityKey: string): TermRange {
  return only(`=c${cityKey}`);
}

export function rangeOfStatus(id: number): TermRange {
  return only(`=s${id}`);
}

/** An inclusive range of numbers; an end that is not given is open. */
interface Bounds {
  min?: number | undefined;
  max?: number | undefined;
}

/** All terms of a column, but not that of no value; each value of it is one term. */
export function rangeOfColumn(column: "city" | "status" | "year"): TermRange {
  const sign = { city: "=c", status: "=s", year: bucketSigns.year.fine }[column];
  return { from: sign, to: column === "year" ? bucketTerm("year", "fine", noYear) : sign + last };
}

/** The year of all listings with a term of a year, `noYear` among them; undefined when they may have several. */
export function yearOf(term: string): number | undefined {
  const year = Number(term.slice(2));
  if (year === 0 || year === maxYear) return undefined;
  return year > maxYear ? noYear : year;
}

/** Whether a word is indexed as a whole, so that its terms are exactly the listings that have it. */
export function isWholeTerm(word: string): boolean {
  return [...word].length <= maxTermLength;
}

export function rangeOfType(typeKey: string): TermRange {
  return only(`=t${typeKey}`);
}

function roomsTerm(rooms: number): string {
  return `=r${String(Math.max(0, rooms)).padStart(5, "0")}`;
}

/** The range that covers exactly the numbers of rooms from `min` to `max`. */
export function rangeOfRooms({ min = 0, max = 32_767 }: Bounds): TermRange {
  return { from: roomsTerm(min), to: roomsTerm(max) + next };
}

/** The range that covers every area from `min` to `max`, and others within the bands at both ends. */
export function rangeOfAreas({ min = 0, max = Number.MAX_SAFE_INTEGER }: Bounds): TermRange {
  return { from: `=a${fineBand(min)}`, to: `=a${fineBand(max)}${next}` };
}

/** Ranges that cover exactly the years from `min` to `max`. */
export function rangesOfYears({ min = 0, max = maxYear }: Bounds): TermRange[] {
  return rangesOfBuckets("year", min, max);
}

/** Ranges that cover every price from `min` to `max`, and others within the bands at both ends. */
export function rangesOfPrices({ min = 0, max = maxPrice }: Bounds): TermRange[] {
  return rangesOfBuckets("price", min, max);
}

/** Ranges that cover every listing that became visible at `since` or later, and others of its month. */
export function rangesOfMonths(since: Date): TermRange[] {
  return rangesOfBuckets("seen", since, lastDate);
}

/** The first moment of the month after that of `date`. */
export function nextMonth(date: Date): Date {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1));
}

/** The last moment that MySQL can store. */
export const lastDate = new Date("9999-12-31T23:59:59.999Z");

/** A price range as ranges of terms that cover whole bands within it, and as the prices that remain at its ends. */
export function bandsOfPrices({ min = 0, max }: Bounds): { inside: TermRange[]; ends: Bounds[] } {
  const first = startOfBand(min) === min ? min : endOfBand(min);
  if (max === undefined)
    return { inside: rangesOfPrices({ min: first }), ends: first > min ? [{ min, max: first }] : [] };
  const end = startOfBand(max);
  if (first >= end) return { inside: [], ends: [{ min, max }] };
  return {
    inside: rangesOfPrices({ min: first, max: end - 1 }),
    ends: [...(first > min ? [{ min, max: first }] : []), { min: end, max }],
  };
}

/** Ranges of the fine buckets from that of `min` to that of `max`; the coarse ones in between, because they are fewer. */
function rangesOfBuckets<Key extends number | Date>(column: BucketColumn, min: Key, max: Key): TermRange[] {
  const [fineMin, fineMax] = [bucketTerm(column, "fine", min), bucketTerm(column, "fine", max)];
  const [coarseMin, coarseMax] = [bucketTerm(column, "coarse", min), bucketTerm(column, "coarse", max)];
  const sign = bucketSigns[column].fine;
  const fineOf = (coarse: string) => sign + coarse.slice(sign.length);
  if (min > max) return [];
  if (coarseMin === coarseMax) return [{ from: fineMin, to: fineMax + next }];
  return [
    { from: fineMin, to: fineOf(coarseMin) + last },
    { from: coarseMin + next, to: coarseMax },
    { from: fineOf(coarseMax), to: fineMax + next },
  ];
}

/** The years that have a term each; earlier and later ones share the first and the last. */
const maxYear = 9998;
/** In `listing` no year is this one, which is sorted after all others. See `source-rows`. */
export const noYear = 32_767;

/** The greatest price that a listing can have; no price is a greater number. */
const maxPrice = 999_999_999_999_999;

/** Price bands by the first two digits, as texts that sort like the prices. */
function fineBand(price: number): string {
  const digits = String(Math.max(0, Math.trunc(price)));
  return `${String(digits.length).padStart(2, "0")}.${digits.slice(0, 2).padEnd(2, "0")}`;
}

/** The lowest price of the fine band of a price. */
function startOfBand(price: number): number {
  const width = widthOfBand(String(price).length);
  return Math.floor(price / width) * width;
}

/** The lowest price of the next fine band. */
function endOfBand(price: number): number {
  return startOfBand(price) + widthOfBand(String(price).length);
}

function widthOfBand(digits: number): number {
  return 10 ** Math.max(0, digits - 2);
}

function coarseBand(price: number): string {
  return fineBand(price).slice(0, -1);
}

function only(term: string): TermRange {
  return { from: term, to: term + next };
}

/** The columns, other than the id, that have buckets: those that listings are sorted by, and `seen`, when they became visible. */
export type BucketColumn = "price" | "year" | "date" | "seen";

/** A fine bucket is a month, a year or a band of prices of two digits; a coarse one is a year, ten years or a band of one digit. */
export type Grain = "coarse" | "fine";

const bucketSigns = {
  price: { coarse: "=P", fine: "=p" },
  year: { coarse: "=Y", fine: "=y" },
  date: { coarse: "=M", fine: "=m" },
  seen: { coarse: "=N", fine: "=n" },
};

/** The term of all listings in one bucket of an order; the terms of a column and a grain sort like their buckets. */
function bucketTerm(column: BucketColumn, grain: Grain, key: number | Date): string {
  const sign = bucketSigns[column][grain];
  if (key instanceof Date) return sign + key.toISOString().slice(0, grain === "fine" ? 7 : 4);
  if (column === "price") return sign + (grain === "fine" ? fineBand(key) : coarseBand(key));
  const year = key === noYear ? "9999" : String(Math.min(Math.max(key, 0), maxYear)).padStart(4, "0");
  return sign + (grain === "fine" ? year : year.slice(0, -1));
}

/** The buckets of an order, starting with that of `key` or the first one; with `coarse` only the fine buckets within it. */
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

/** The rest of a range from a term on. */
export function restOf(range: TermRange, term: string, descending: boolean): TermRange {
  return descending ? { ...range, to: term + next } : { ...range, from: term };
}

/** The position before all listings of a fine bucket of prices or dates. */
export function positionBefore(term: string, descending: boolean): { key: number | Date; id: number } {
  const id = descending ? Number.MAX_SAFE_INTEGER : -1;
  const text = term.slice(2);
  if (term.startsWith(bucketSigns.date.fine)) {
    const [year = 0, month = 0] = text.split("-").map(Number);
    return { key: new Date(Date.UTC(year, descending ? month : month - 1)), id };
  }
  const [digits = 0, band = 0] = text.split(".").map(Number);
  const width = widthOfBand(digits);
  const lowest = digits === 1 ? band / 10 : band * width;
  return { key: descending ? lowest + width : lowest, id };
}
