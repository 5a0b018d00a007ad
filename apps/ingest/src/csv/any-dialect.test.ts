import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { CsvReader } from "./csv-reader.ts";
import { CsvSource } from "./csv-source.ts";
import { type Dialect, defaultDialect } from "./dialect.ts";
import { fieldTexts } from "./header.ts";

const lineEndOf = { lf: "\n", crlf: "\r\n", cr: "\r", crcrlf: "\r\r\n", mixed: "\r" };
const plain = [..."ab 1,;|\t~'\"\\#\r\n-"];
const lettersOf: Record<string, string[]> = {
  "utf-8": ["é", "語", "😀", "\u2028"],
  "utf-16le": ["é", "語", "😀", "Ċ", "ഊ"],
  "utf-16be": ["é", "語", "😀", "Ċ", "ഊ"],
  "windows-1252": ["é", "€", "ÿ"],
  shift_jis: ["表", "ソ", "ｱ", "語"],
  gb18030: ["语", "中", "é"],
};

/** The bytes of characters in an encoding, found by decoding what may be one. */
function encoder(encoding: string): (text: string) => Buffer {
  if (encoding === "utf-8") return (text) => Buffer.from(text);
  if (encoding === "utf-16le") return (text) => Buffer.from(text, "utf16le");
  if (encoding === "utf-16be") return (text) => Buffer.from(text, "utf16le").swap16();
  const bytesOf = new Map<string, Buffer>();
  const decoder = new TextDecoder(encoding);
  const learn = (bytes: Buffer) => bytesOf.set(decoder.decode(bytes), bytes);
  for (let first = 255; first >= 0; first--) {
    if (encoding !== "windows-1252" && first > 0x80) {
      for (let second = 0x40; second < 255; second++) learn(Buffer.from([first, second]));
    }
    learn(Buffer.from([first]));
  }
  return (text) => Buffer.concat([...text].map((character) => bytesOf.get(character) ?? Buffer.from("?")));
}
const encoders = Object.fromEntries(Object.keys(lettersOf).map((encoding) => [encoding, encoder(encoding)]));

const dialects: fc.Arbitrary<Dialect> = fc
  .record({
    delimiter: fc.constantFrom(",", ";", "\t", "|", "||", "~", "|~|"),
    quote: fc.constantFrom('"', "'", null),
    escape: fc.constantFrom(null, "\\"),
    encoding: fc.constantFrom(...Object.keys(lettersOf)),
    lineEnd: fc.constantFrom("lf", "crlf", "cr", "crcrlf", "mixed"),
    trailingDelimiter: fc.boolean(),
    comment: fc.constantFrom(null, "#"),
    skip: fc.nat(2),
    trim: fc.boolean(),
  })
  .map((given) => ({ ...defaultDialect, ...given }) as Dialect);

const files = dialects.chain((dialect) => {
  const character = fc.constantFrom(...plain, ...(lettersOf[dialect.encoding] ?? []));
  const field = fc.array(character, { maxLength: 5 }).map((parts) => parts.join(""));
  const rows = (width: number) =>
    fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 4 });
  return fc.record({
    dialect: fc.constant(dialect),
    rows: fc.integer({ min: 2, max: 3 }).chain(rows),
    closed: fc.boolean(),
    mark: fc.boolean(),
  });
});

/** A field as a writer of the dialect writes it, and what it means: without quotes and escapes some texts cannot be written. */
function written(given: string, isFirst: boolean, dialect: Dialect): { text: string; value: string } {
  const { delimiter, quote, escape: sign, trim, comment } = dialect;
  let value = given;
  const isSpecial = (text: string) =>
    /[\r\n]/.test(text) ||
    text.includes(delimiter[0]!) ||
    (quote !== null && text.includes(quote)) ||
    (sign !== null && text.includes(sign)) ||
    (comment !== null && isFirst && text.trimStart().startsWith(comment)) ||
    (trim && text !== text.trim());
  const pad = trim && delimiter !== "\t" ? " " : "";
  if (quote !== null && isSpecial(value)) {
    const inner = [...value].map((one) => {
      if (one === sign) return `${sign}${one}`;
      return one === quote ? `${sign ?? quote}${one}` : one;
    });
    return { text: `${isFirst ? "" : pad}${quote}${inner.join("")}${quote}${pad}`, value };
  }
  if (sign === null) {
    value = [...value].filter((one) => !isSpecial(one)).join("");
    return { text: isFirst ? value : `${pad}${value}${pad}`, value: trim ? value.trim() : value };
  }
  // Blanks at the ends of a field and signs of comments cannot be escaped.
  value = value.replace(/^[\s#]+|[\s]+$/g, "");
  return { text: [...value].map((one) => (isSpecial(one) ? `${sign}${one}` : one)).join(""), value };
}

function fileOf(
  rows: readonly string[][],
  dialect: Dialect,
  { closed, mark }: { closed: boolean; mark: boolean },
): { bytes: Buffer; values: string[][] } {
  const end = lineEndOf[dialect.lineEnd];
  const fields = rows.map((row) => row.map((field, at) => written(field, at === 0, dialect)));
  const above = Array.from({ length: dialect.skip }, (_, at) => `title ${at}`);
  const comments = dialect.comment === null ? [] : [`${dialect.comment} no, row`];
  const lines = fields.map((row) => row.map(({ text }) => text).join(dialect.delimiter));
  const all = [
    ...above,
    ...comments,
    ...lines.map((line) => line + (dialect.trailingDelimiter ? dialect.delimiter : "")),
  ];
  const text = `${mark && dialect.encoding.startsWith("utf") ? "\ufeff" : ""}${all.join(end)}${closed ? end : ""}`;
  const encode = encoders[dialect.encoding]!;
  return { bytes: encode(text), values: fields.map((row) => row.map(({ value }) => value)) };
}

interface ReadRow {
  fields: string[];
  line: number;
  /** Where the next record is. */
  bytes: number;
  lines: number;
}

async function readAll(
  chunks: Buffer[],
  dialect: Dialect,
  width: number,
  from?: Pick<ReadRow, "bytes" | "lines">,
): Promise<ReadRow[]> {
  const reader = new CsvReader(width + 1, { dialect, width, ...(from && { line: from.lines + 1 }) });
  const rest = {
    first: Buffer.alloc(0),
    file: (async function* () {
      yield* chunks;
    })(),
    hash: createHash("sha256"),
  };
  const source = new CsvSource(reader, rest, { bytes: from?.bytes ?? 0, encoding: dialect.encoding });
  const rows: ReadRow[] = [];
  for (;;) {
    const found = reader.next();
    if (found === "end") return rows;
    if (found === "more") {
      await source.fill();
      continue;
    }
    if (found === "broken") throw new Error(`broken at line ${reader.recordLine}: ${reader.fault.reason}`);
    const { bytes, lines } = source.position();
    rows.push({ fields: fieldTexts(reader), line: reader.recordLine, bytes, lines });
  }
}

it("any table in any dialect is read back, however it is split, and from every record on", async () => {
  await fc.assert(
    fc.asyncProperty(files, async ({ dialect, rows, ...how }) => {
      const { bytes, values } = fileOf(rows, dialect, how);
      const width = rows[0]!.length;
      const all = await readAll([bytes], dialect, width);
      expect(all.map(({ fields }) => fields)).toEqual(values);
      expect(all.at(-1)?.bytes).toBe(bytes.length);
      for (let at = 0; at < bytes.length; at++) {
        const split = await readAll([bytes.subarray(0, at), bytes.subarray(at)], dialect, width);
        expect(split.map(({ fields, line }) => [line, ...fields])).toEqual(
          all.map(({ fields, line }) => [line, ...fields]),
        );
      }
      for (const [at, from] of all.entries()) {
        const rest = await readAll([bytes.subarray(from.bytes)], dialect, width, from);
        expect(rest).toEqual(all.slice(at + 1));
      }
    }),
    { numRuns: 150 },
  );
});
