import { z } from "@hono/zod-openapi";
import { lineEnds } from "../csv/dialect.ts";
import { encodingNamed } from "../csv/encoding.ts";
import { TimeFormat } from "../fields/time-format.ts";
import { TimeZone } from "../fields/time-zone.ts";

/** Whether something that throws a `RangeError` for what it does not know knows it. */
function isKnown(open: () => unknown): boolean {
  try {
    open();
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const character = z
  .string()
  .refine((text) => [...text].length === 1 && !/[\r\n\0]/.test(text), "must be one character, no line end");
const characters = z
  .string()
  .refine((text) => /^[^\r\n\0]{1,8}$/u.test(text), "must be 1 to 8 characters, no line end");

const words = z.array(z.string().min(1).max(100)).min(1).max(50);

/** What can be saved of the dialect of a table's files; see `Dialect`. */
export const dialectSchema = z
  .strictObject({
    delimiter: characters.describe("Between fields"),
    quote: character.nullable().describe("Around fields; null: quotes are ordinary characters"),
    escape: character.nullable().describe("Before a special character; null: a quote within quotes is doubled"),
    encoding: z
      .string()
      .max(40)
      .refine((name) => encodingNamed(name) !== undefined, "must be an encoding of the WHATWG Encoding Standard")
      .describe("Name of the encoding, such as `windows-1252`"),
    header: z.boolean().describe("Whether the first line has the names of the columns"),
    skip: z.number().int().min(0).max(1000).describe("Lines at the beginning that are not read"),
    comment: characters.nullable().describe("Lines that begin with it are not read"),
    missing: z.array(z.string().max(100)).max(50).describe("Texts that are no value, instead of `missingValues`"),
    decimal: z.enum([".", ","]).describe("Before the fraction of a number"),
    thousands: z.union([character, z.literal("")]).describe("Between groups of three digits; empty: nothing"),
    dateFormat: z
      .string()
      .max(100)
      .refine((format) => isKnown(() => TimeFormat.compile(format)), "must be a format of dates such as %d/%m/%Y")
      .nullable()
      .describe("The format of dates, in strptime's codes or as `DD/MM/YYYY`; null: ISO 8601"),
    defaultZone: z
      .string()
      .max(64)
      .refine((name) => isKnown(() => new TimeZone(name)), "must be a time zone such as America/Bogota")
      .nullable()
      .describe("The time zone of times without one"),
    round: z.boolean().describe("Whether numbers and times that are more precise than their column are rounded"),
    trueValues: words.nullable().describe("The texts of true; null: true, t, yes, y, 1"),
    falseValues: words.nullable().describe("The texts of false; null: false, f, no, n, 0"),
    trim: z.boolean().describe("Whether spaces around fields are ignored"),
    trailingDelimiter: z.boolean().describe("Whether every line ends with a delimiter after which there is no field"),
    lineEnd: z.enum(lineEnds).describe("How lines end; `mixed`: also in a lone CR, or in CR CR LF beside others"),
  })
  .partial()
  .refine(({ decimal = ".", thousands = "" }) => decimal !== thousands, {
    path: ["thousands"],
    message: "must differ from decimal",
  })
  .openapi("SavedDialect", { description: "How files are written; what is left out is found in each file" });
