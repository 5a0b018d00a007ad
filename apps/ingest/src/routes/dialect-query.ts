import { z } from "@hono/zod-openapi";
import { Problem } from "@quintet/http";
import { type Dialect, lineEnds } from "../csv/dialect.ts";
import { encodingNamed } from "../csv/encoding.ts";
import { TimeFormat } from "../fields/time-format.ts";
import { TimeZone } from "../fields/time-zone.ts";
import type { Table } from "../tables/table.ts";

const wordsFor: Record<string, string> = {
  comma: ",",
  semicolon: ";",
  tab: "\t",
  "\\t": "\t",
  pipe: "|",
  space: " ",
  apostrophe: "'",
};
/** A character that has a name because it is hard to write in a URL. */
const named = (text: string) => wordsFor[text] ?? text;
const orNone = (text: string) => (text === "none" ? null : named(text));

const isSign = (text: string | null) => text === null || /^[\t -~]$/.test(text);
const listOf = (text: string) => text.split(",");

/** Whether a text can be used as what it is meant for: `use` throws a `RangeError` otherwise. */
function isUsable(use: (text: string) => unknown) {
  return (text: string) => {
    try {
      return use(text) !== false;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  };
}

const flag = z.enum(["true", "false"]).optional();

/** The parameters that say how a file is written. What is not given is recognised. */
export const dialectQuery = {
  delimiter: z
    .string()
    .min(1)
    .max(16)
    .refine((text) => !/[\0\r\n"]/.test(text) && named(text).length <= 8, "must be 1 to 8 characters between fields")
    .optional()
    .describe("What is between fields: 1 to 8 characters, or `comma`, `semicolon`, `tab`, `pipe`, `space`"),
  quote: z
    .string()
    .refine((text) => isSign(orNone(text)), "must be one ASCII character, or none")
    .optional()
    .describe("The character around fields, or `none`: quotes are ordinary characters"),
  escape: z
    .string()
    .refine((text) => isSign(orNone(text)), "must be one ASCII character, or none")
    .optional()
    .describe("The character before a special one, such as `\\`, or `none`: quotes in quotes are doubled"),
  encoding: z
    .string()
    .max(40)
    .refine((text) => encodingNamed(text) !== undefined, "is not a known encoding, such as utf-8 or windows-1252")
    .optional()
    .describe("The encoding, by a name of the WHATWG Encoding Standard: `windows-1252`, `utf-16le`, `shift_jis`"),
  skip: z
    .string()
    .regex(/^(?:\d{1,3}|1000)$/, "must be 0 to 1000")
    .optional()
    .describe("How many lines at the beginning are not read, 0 to 1000"),
  comment: z
    .string()
    .regex(/^[\x21-\x7e]{1,8}$/, "must be 1 to 8 ASCII characters, or none")
    .optional()
    .describe("Lines that start with it are not read; `none`: there are no comments"),
  missing: z
    .string()
    .max(1000)
    .optional()
    .describe("Texts that are no value, separated by commas, besides those of the table: `NA,NULL,-`"),
  decimal: z.enum([".", ","]).optional().describe("The decimal sign of numbers"),
  thousands: z
    .string()
    .refine(
      (text) => orNone(text) === null || /^[., '_\u00a0\u202f\u2019]$/.test(named(text)),
      "must be . , ' _ space or none",
    )
    .optional()
    .describe("What is between groups of three digits: `.`, `,`, `'`, `_`, `space`, or `none`"),
  dateFormat: z
    .string()
    .min(1)
    .max(100)
    .refine(
      isUsable((text) => TimeFormat.compile(text).hasDate),
      "must have a year, a month and a day, such as %d/%m/%Y or DD/MM/YYYY HH:mm",
    )
    .optional()
    .describe(
      "The format of dates and datetimes: `DD/MM/YYYY HH:mm` or strptime's `%d/%m/%Y %H:%M`; ISO 8601 is read as well",
    ),
  defaultZone: z
    .string()
    .min(1)
    .max(64)
    .refine(
      isUsable((text) => new TimeZone(text)),
      "must be a time zone such as America/Bogota, UTC or -05:00",
    )
    .optional()
    .describe("The time zone of times without one: a name of the IANA database, or an offset such as `-05:00`"),
  round: flag.describe("Round numbers and times that are more precise than their column, instead of rejecting them"),
  trueValues: z.string().min(1).max(1000).optional().describe("The texts of true, separated by commas: `Ja,J,1`"),
  falseValues: z.string().min(1).max(1000).optional().describe("The texts of false, separated by commas"),
  trim: flag.describe("Whether spaces around fields, also outside of quotes, are left out"),
  trailingDelimiter: flag.describe("Whether every line ends with a delimiter after which there is no field"),
  lineEnd: z
    .enum(lineEnds)
    .optional()
    .describe("How lines end; `mixed`: also in a lone CR, or in CR CR LF beside others"),
};

/** The parameters that assign the columns of a file to those of the table. */
export const mappingQuery = {
  map: z
    .string()
    .min(1)
    .max(8000)
    .optional()
    .describe(
      "Which names in the header stand for which columns: `Fecha:datetime,Nombre:name`, or a JSON object of them for names with commas",
    ),
  extra: z
    .enum(["reject", "ignore"])
    .default("reject")
    .describe("`ignore` leaves out columns of the file that the table does not have; `reject` refuses the file"),
};

type DialectQuery = { [K in keyof typeof dialectQuery]?: string | undefined };

/** What the parameters say of the dialect. Throws a 400 when two of them contradict each other. */
export function dialectGiven(query: DialectQuery): Partial<Dialect> {
  const given: Partial<Dialect> = {};
  const set = <K extends keyof Dialect & keyof DialectQuery>(name: K, read: (text: string) => Dialect[K]) => {
    const text = query[name];
    if (text !== undefined) given[name] = read(text);
  };
  const isTrue = (text: string) => text === "true";
  set("delimiter", named);
  set("quote", orNone);
  set("escape", orNone);
  set("encoding", (text) => encodingNamed(text) ?? text);
  set("skip", Number);
  set("comment", orNone);
  set("missing", listOf);
  set("decimal", (text) => text as Dialect["decimal"]);
  set("thousands", (text) => orNone(text) ?? "");
  set("dateFormat", String);
  set("defaultZone", String);
  set("round", isTrue);
  set("trueValues", listOf);
  set("falseValues", listOf);
  set("trim", isTrue);
  set("trailingDelimiter", isTrue);
  set("lineEnd", (text) => text as Dialect["lineEnd"]);
  const clash = clashOf(given);
  if (clash) refuse(...clash);
  return given;
}

/** Two parts of a dialect that contradict each other, and how. */
export function clashOf({
  delimiter,
  quote,
  escape: sign,
  decimal,
  thousands,
  comment,
}: Partial<Dialect>): [string, string] | undefined {
  if (quote && delimiter?.includes(quote)) return ["quote", "is in the delimiter"];
  if (sign && delimiter?.includes(sign)) return ["escape", "is in the delimiter"];
  if (comment && delimiter !== undefined && comment === delimiter) return ["comment", "is the delimiter"];
  if (decimal !== undefined && thousands === decimal) return ["thousands", "is the decimal sign"];
  return undefined;
}

/** The columns that the names in a header stand for. Throws a 400 that names what the table does not have. */
export function mapGiven(table: Table, text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  const pairs = text.trimStart().startsWith("{") ? pairsOfJson(text) : text.split(",").map(pairOf);
  const names = table.columns.map(({ name }) => name);
  const columns = pairs.map(([, column]) => column);
  for (const [index, column] of columns.entries()) {
    if (!names.includes(column))
      refuse("map", `${column} is not a column of ${table.name} (${names.join(", ").slice(0, 500)})`);
    if (columns.indexOf(column) !== index) refuse("map", `${column} is there twice`);
  }
  return Object.fromEntries(pairs);
}

function pairOf(text: string): [string, string] {
  const at = text.lastIndexOf(":");
  if (at < 1 || at === text.length - 1) refuse("map", "must be pairs such as Fecha:datetime, separated by commas");
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

function pairsOfJson(text: string): [string, string][] {
  try {
    const read = z.record(z.string().max(200), z.string()).safeParse(JSON.parse(text));
    if (read.success) return Object.entries(read.data);
  } catch {
    // The same message for a text that is no JSON.
  }
  return refuse("map", "must be a JSON object of names in the file and columns");
}

function refuse(path: string, message: string): never {
  throw new Problem("bad-request", `${path}: ${message}.`, { errors: [{ path, message }] });
}

const text = (description: string) => z.string().describe(description);
const textOrNull = (description: string) => z.string().nullable().describe(description);
const list = (description: string) => z.array(z.string()).readonly().describe(description);

/** A settled dialect; each part can be sent as the parameter of that name. */
export const settledDialectSchema = z
  .object({
    delimiter: text("What is between fields"),
    quote: textOrNull("The character around fields; null: quotes are ordinary characters"),
    escape: textOrNull("The character before a special one; null: quotes in quotes are doubled"),
    encoding: text("The name of the encoding in the WHATWG Encoding Standard"),
    header: z.boolean().describe("Whether the first line that is not skipped has the names of the columns"),
    skip: z.number().int().describe("How many lines at the beginning are not read"),
    comment: textOrNull("Lines that start with it are not read; null: there are none"),
    missing: list("Texts that are no value"),
    missingTyped: list("Texts that are no value in columns other than those of text").optional(),
    decimal: z.enum([".", ","]).describe("The decimal sign of numbers"),
    thousands: text("What is between groups of three digits; empty: nothing"),
    dateFormat: textOrNull("The format of dates and datetimes; null: ISO 8601, or the format of the column"),
    defaultZone: textOrNull("The time zone of times without one; null: they must have one"),
    round: z.boolean().describe("Whether values that are too precise are rounded"),
    trueValues: list("The texts of true; null: true, t, yes, y, 1").nullable(),
    falseValues: list("The texts of false; null: false, f, no, n, 0").nullable(),
    trim: z.boolean().describe("Whether spaces around fields are left out"),
    trailingDelimiter: z.boolean().describe("Whether every line ends with a delimiter after which there is no field"),
    lineEnd: z.enum(lineEnds).describe("How lines end"),
  })
  .openapi("Dialect", { description: "How a file is written" });
