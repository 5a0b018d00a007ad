/** The line ends of a file. `mixed`: lines also end in a lone CR, or in CR CR LF beside others. */
export const lineEnds = ["lf", "crlf", "cr", "crcrlf", "mixed"] as const;
export type LineEnd = (typeof lineEnds)[number];

/** How the text of a file is written. All of it is settled before the first row is read, and stays the same when a load resumes. */
export interface Dialect {
  /** One or several characters between fields. */
  delimiter: string;
  /** The character around fields; null: quotes are ordinary characters. */
  quote: string | null;
  /** The character before a special one; null: a quote within quotes is doubled. */
  escape: string | null;
  /** The name of the encoding, as in the WHATWG Encoding Standard. */
  encoding: string;
  /** Whether the first line after `skip` lines has the names of the columns. */
  header: boolean;
  /** How many lines at the beginning are not read. */
  skip: number;
  /** Lines that start with it are not read; null: there are none. */
  comment: string | null;
  /** Fields with one of these texts have no value. */
  missing: readonly string[];
  /** The same, but not in columns of text: such words were seen in the file, and a text may be one of them. */
  missingTyped?: readonly string[];
  decimal: "." | ",";
  /** The character between groups of three digits; empty: there is none. */
  thousands: string;
  /** The format of dates and times; null: ISO 8601. */
  dateFormat: string | null;
  /** The time zone of times without one, as in the IANA database or as an offset; null: there must be one. */
  defaultZone: string | null;
  /** Whether numbers and times that are too precise are rounded, half away from zero; otherwise they are rejected. */
  round: boolean;
  /** The texts of true and of false; null: the usual English ones. */
  trueValues: readonly string[] | null;
  falseValues: readonly string[] | null;
  /** Whether spaces around fields, also outside of quotes, are ignored. */
  trim: boolean;
  /** Whether every line ends with a delimiter, after which there is no field. */
  trailingDelimiter: boolean;
  lineEnd: LineEnd;
}

/** What stands for no value in the bytes of a file whose values have types, so that an empty text is a text. */
export const noValue = "\u2400";

/** RFC 4180 in UTF-8. */
export const defaultDialect: Dialect = {
  delimiter: ",",
  quote: '"',
  escape: null,
  encoding: "utf-8",
  header: false,
  skip: 0,
  comment: null,
  missing: [""],
  decimal: ".",
  thousands: "",
  dateFormat: null,
  defaultZone: null,
  round: false,
  trueValues: null,
  falseValues: null,
  trim: false,
  trailingDelimiter: false,
  lineEnd: "lf",
};
