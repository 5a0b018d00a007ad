import { type Dialect, defaultDialect, type LineEnd } from "./dialect.ts";
import { encodingNamed, Transcoder } from "./encoding.ts";
import { type Reading, readAs } from "./reading.ts";
import { type Refusal, sniffEncoding } from "./sniff-encoding.ts";

/** The dialect of a file, how sure it is, from 0 to 1, and what is uncertain about it. */
export interface Sniffed {
  reading: Reading;
  confidence: number;
  doubts: string[];
  /** Why the dialect is not sure enough to read the file without being told more. */
  refused?: Refusal;
}

/** How many bytes of a file are looked at. */
export const sniffBytes = 64 * 1024;
/** A file is refused as a whole when it has at least this many rows, none of which can be right. */
export const enoughRows = 3;
/** With at least this many broken lines, quotes are ordinary characters. */
const enoughBroken = 3;
const delimiters = [",", ";", "\t", "|", "\x01", "\x1f", "||", "|~|", "~", "^", "¦"];
const delimiterNames: Record<string, string> = { ",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a pipe" };
/** The first bytes of ZIP (and XLSX), gzip, zstd, Avro, Parquet, XLS, SQLite. */
const binaryMarks = ["504b0304", "1f8b", "28b52ffd", "4f626a01", "50415231", "d0cf11e0", "53514c697465"].map((hex) =>
  Buffer.from(hex, "hex"),
);
/** How different two scores must be for one dialect to be the right one. */
const margin = 0.02;

/** The name of a delimiter for people. */
export function delimiterName(delimiter: string): string {
  return delimiterNames[delimiter] ?? JSON.stringify(delimiter);
}

/**
 * Recognises the dialect of a file from its beginning, `lead`; `ended`: it is the whole file. `given` is not questioned, unless it
 * cannot be right. `names`: the columns that the file should have, if they are known. Returns a refusal when not even the encoding is
 * known.
 */
export function sniffDialect(
  lead: Buffer,
  { ended, given, names = [] }: { ended: boolean; given: Partial<Dialect>; names?: readonly string[] },
): Sniffed | Refusal {
  const other = otherFormat(lead);
  if (other) return { refusal: `the file looks like ${other}, and not like CSV`, parameter: "file" };
  const known = given.encoding === undefined ? undefined : encodingNamed(given.encoding);
  const encoding = known === undefined ? sniffEncoding(lead, ended) : { encoding: known, confidence: 1 };
  if ("refusal" in encoding) return encoding;
  const file = { text: textOf(lead, encoding.encoding, ended), ended };
  const sample = file.text.toString("utf8");
  const base: Dialect = { ...defaultDialect, lineEnd: lineEndOf(sample), ...given, encoding: encoding.encoding };
  if (given.comment === undefined) base.comment = commentOf(sample, names);
  const separator = given.delimiter === undefined ? separatorIn(sample) : undefined;
  if (separator !== undefined) base.skip = Math.max(base.skip, 1);
  const wanted = given.delimiter ?? separator;
  const read = (dialect: Dialect) => readAs(file, dialect, names);
  const readings = candidates(sample, base, given, wanted).map(read);
  let best = readings.reduce((one, another) => (isBetter(another, one) ? another : one));
  const doubts = "doubt" in encoding && encoding.doubt ? [encoding.doubt] : [];
  const refused = wanted === undefined ? unclear(best, readings, names) : impossible(best, sample, base, names, read);
  if (best.width === 1 && best.share < 1 && wanted === undefined && names.length < 2) best = read(single(best, sample));
  best = read(withQuotes(best, given, read, doubts));
  const dialect = refine(best, sample, given, names, doubts);
  const certain = encoding.confidence * Math.min(1, best.share) * (best.width === 1 && names.length !== 1 ? 0.5 : 1);
  const confidence = Number((refused ? Math.min(certain, 0.4) : certain).toFixed(2));
  return { reading: { ...best, dialect }, confidence, doubts, ...(refused && { refused }) };
}

const jsonHint = "JSON (the type of a file with a JSON object in each line is application/x-ndjson)";

/** What a file is that cannot be CSV, by its first bytes. */
function otherFormat(lead: Buffer): string | undefined {
  const start = lead
    .toString("latin1", 0, 256)
    .replace(/^\xef\xbb\xbf/, "")
    .trimStart();
  if (start.startsWith("%PDF-")) return "a PDF";
  if (/^<(?:!doctype html|html|\?xml)[\s>]/i.test(start)) return "a page of HTML or XML";
  if (binaryMarks.some((mark) => lead.subarray(0, mark.length).equals(mark))) return "a compressed or binary file";
  return /^[[{]\s*(?:[[{]|"[^"]*"\s*[:\]]|\])/.test(start) ? jsonHint : undefined;
}

/** The beginning of a file as UTF-8, up to its last whole line. */
export function textOf(lead: Buffer, encoding: string, ended: boolean): Buffer {
  const text = encoding === "utf-8" ? lead : new Transcoder(encoding).push(lead, ended);
  if (ended) return text;
  const end = Math.max(text.lastIndexOf(0x0a), text.lastIndexOf(0x0d));
  return end < 0 ? text : text.subarray(0, end + 1);
}

/** The separator of a first line like `sep=;`, as Excel writes and reads it. */
function separatorIn(sample: string): string | undefined {
  return /^\ufeff*"?sep=(.)"?[,;\t]*\r*(?:\n|\r|$)/i.exec(sample.slice(0, 64))?.[1];
}

function lineEndOf(sample: string): LineEnd {
  const count = (pattern: RegExp) => sample.match(pattern)?.length ?? 0;
  const feeds = count(/\n/g);
  if (feeds === 0) return sample.includes("\r") ? "cr" : "lf";
  if (count(/\r\r\n/g) * 2 > feeds) return "crcrlf";
  return count(/\r\n/g) * 2 > feeds ? "crlf" : "lf";
}

/** `#` when the file starts with lines of it, followed by others, and no column is called so. */
function commentOf(sample: string, names: readonly string[]): string | null {
  const lines = sample
    .replace(/^\ufeff/, "")
    .split(/\r\n|\n|\r/, 200)
    .filter((line) => line !== "");
  const isComment = lines[0]?.startsWith("#") && lines.some((line) => !line.startsWith("#"));
  if (!isComment || names.some((name) => name.startsWith("#"))) return null;
  // A header may start with the sign as well: then the line has as many fields as the next.
  const at = lines.findIndex((line) => !line.startsWith("#"));
  const width = (line = "") => Math.max(...[",", ";", "\t", "|"].map((delimiter) => line.split(delimiter).length));
  return at === 1 && width(lines[1]) > 1 && width(lines[0]) === width(lines[1]) ? null : "#";
}

/** The dialects that a file may have; of equal ones the first is taken. Others than the usual ones need a sign in the text. */
function candidates(sample: string, base: Dialect, given: Partial<Dialect>, wanted: string | undefined): Dialect[] {
  const present = wanted === undefined ? delimiters.filter((each) => sample.includes(each)) : [wanted];
  if (present.length === 0) present.push(",");
  const mayHave = (sign: RegExp) => sign.test(sample);
  const quotes = [base.quote];
  if (given.quote === undefined && mayHave(/(?:^|[\n\r,;\t|])[ \t]*'/)) quotes.push("'");
  const escapes = [base.escape];
  // Escapes are only what repairs lines, or the sign of MySQL and Postgres for NULL: a path has backslashes, too.
  if (given.escape === undefined && mayHave(/\\["']|(?:^|[\n\r,;\t|])\\N(?:$|[\n\r,;\t|])/)) escapes.push("\\");
  const lineEnds = [base.lineEnd];
  if (given.lineEnd === undefined && base.lineEnd !== "cr" && mayHave(/\r(?!\n|\r\n)/)) lineEnds.push("mixed");
  const trims = [base.trim];
  if (given.trim === undefined && mayHave(/[,;|][ \t]+["']|["'][ \t]+[,;|\r\n]/)) trims.push(true);
  return present.flatMap((delimiter) =>
    quotes.flatMap((quote) =>
      escapes.flatMap((sign) =>
        lineEnds.flatMap((lineEnd) =>
          trims.map((trim) => ({ ...base, delimiter, quote, escape: sign, lineEnd, trim })),
        ),
      ),
    ),
  );
}

/** Whether a reading is better than one that comes before it. */
function isBetter(one: Reading, before: Reading): boolean {
  if (one.dialect.delimiter !== before.dialect.delimiter && Math.abs(one.score - before.score) < margin) {
    if (areDecimals(one) !== areDecimals(before)) return areDecimals(before);
    if (one.dialect.delimiter.includes(before.dialect.delimiter)) return one.share >= before.share;
  }
  return one.score > before.score + 1e-9;
}

/** The refusal of a file that has several readings, or of one that has a single field in each line. */
function unclear(best: Reading, readings: readonly Reading[], names: readonly string[]): Refusal | undefined {
  const rival = readings.find(
    (other) =>
      !best.dialect.delimiter.includes(other.dialect.delimiter) &&
      other.width > 1 &&
      other.score > best.score - margin &&
      !areDecimals(other),
  );
  if (rival && best.records.length >= enoughRows) {
    const text = ({ dialect, width }: Reading) => `${width} columns with ${delimiterName(dialect.delimiter)}`;
    return {
      refusal: `the file may have ${text(best)} or ${text(rival)} between them: send delimiter=`,
      parameter: "delimiter",
    };
  }
  return best.width === 1 && names.length > 1 ? noDelimiter(best, names) : undefined;
}

/** Whether commas stand between digits only, as in decimal numbers. */
function areDecimals({ records, dialect }: Reading): boolean {
  return (
    dialect.delimiter === "," &&
    records.some((record) => record.length > 1) &&
    records.every((record) =>
      record.every((field, at) => (at === 0 || /^\d/.test(field)) && (at === record.length - 1 || /\d$/.test(field))),
    )
  );
}

function noDelimiter({ records }: Reading, names: readonly string[]): Refusal | undefined {
  const plain = (name: string) => name.trim().toLowerCase();
  // A header of one column: the others may have defaults.
  const isHeader = names.some((name) => plain(name) === plain(records[0]?.[0] ?? ""));
  if (records.length < enoughRows || isHeader) return undefined;
  const sample = JSON.stringify((records[0]?.[0] ?? "").slice(0, 40));
  return {
    refusal:
      `each line of the file, such as ${sample}, is a single column, and the table has ${names.length} ` +
      `(${names.slice(0, 10).join(", ")}): send delimiter=, or another file`,
    parameter: "delimiter",
  };
}

/** The refusal of a delimiter that was given and cannot be right. */
function impossible(
  best: Reading,
  sample: string,
  base: Dialect,
  names: readonly string[],
  read: (dialect: Dialect) => Reading,
): Refusal | undefined {
  if (best.width > 1 || names.length === 1 || best.records.length === 0) return undefined;
  const other = candidates(sample, base, {}, undefined)
    .map(read)
    .reduce((one, another) => (isBetter(another, one) ? another : one));
  if (best.records.length < enoughRows && other.width !== names.length) return undefined;
  if (other.width === 1) return names.length > 1 ? noDelimiter(best, names) : undefined;
  const { delimiter } = other.dialect;
  return {
    refusal:
      `with ${delimiterName(best.dialect.delimiter)} as delimiter each line is a single column, and the file looks as if ` +
      `it were ${delimiterName(delimiter)}: send delimiter=${delimiter === "\t" ? "tab" : delimiter}`,
    parameter: "delimiter",
  };
}

/** A dialect in which each line is one field. */
function single({ dialect }: Reading, sample: string): Dialect {
  return { ...dialect, delimiter: delimiters.find((each) => !sample.includes(each)) ?? "\x1f" };
}

/** The dialect in which quotes are ordinary characters, when no field is in quotes and too many lines are broken otherwise. */
function withQuotes(
  { dialect, broken, quoted }: Reading,
  given: Partial<Dialect>,
  read: (dialect: Dialect) => Reading,
  doubts: string[],
): Dialect {
  if (given.quote !== undefined || broken < enoughBroken || quoted > broken) return dialect;
  const plain = { ...dialect, quote: null };
  if (read(plain).share < 0.9) return dialect;
  doubts.push('quotes are read as ordinary characters; quote=" reads them around fields');
  return plain;
}

/** Whether the fields of each column are padded to one width, except those of the last one. */
function hasFixedWidths(records: readonly string[][]): boolean {
  const [first, ...others] = records;
  return others.every((record) => record.slice(0, -1).every((field, at) => field.length === first![at]!.length));
}

/** The parts of a dialect that only its records tell. */
function refine(
  { dialect, records, width }: Reading,
  sample: string,
  given: Partial<Dialect>,
  names: readonly string[],
  doubts: string[],
): Dialect {
  const refined = { ...dialect };
  const body = records.filter((record) => record.length === width);
  if (dialect.lineEnd === "mixed" && given.lineEnd === undefined) doubts.push("lines end in different ways");
  if (given.trailingDelimiter === undefined && body.length > 0 && width > 1) {
    const isEmpty = body.every((record) => record.at(-1)?.trim() === "");
    const fits = names.length > 0 ? width === names.length + 1 : body.length > 1;
    refined.trailingDelimiter = isEmpty && fits;
  }
  if (given.trim === undefined && !refined.trim && body.length >= enoughRows && width > 1) {
    const isPadded = (field: string) => field.startsWith(" ") || field.endsWith(" ");
    refined.trim =
      body.every((record) => record.slice(1).every((field) => field === "" || isPadded(field))) ||
      (body.some((record) => record.some(isPadded)) && hasFixedWidths(body));
    if (refined.trim) doubts.push("spaces around all fields are left out; trim=false keeps them");
  }
  if (refined.escape !== null && given.escape === undefined) {
    doubts.push(`${refined.escape} is read as an escape; escape=none reads it as it is`);
    if (/(?:^|[\n\r\t,;|])\\N(?:$|[\n\r\t,;|])/.test(sample)) refined.missing = [...refined.missing, "\\N"];
  }
  return refined;
}
