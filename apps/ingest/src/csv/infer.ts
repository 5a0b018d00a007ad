import { fieldCodec } from "../fields/codec.ts";
import { type FieldFormat, fieldFormat } from "../fields/field-format.ts";
import type { ColumnType } from "../tables/table.ts";
import { type Dialect, noValue } from "./dialect.ts";
import { type HeaderMode, plainName } from "./header.ts";
import type { Reading } from "./reading.ts";
import { sniffDialect } from "./sniff-dialect.ts";
import type { Refusal } from "./sniff-encoding.ts";
import { type ColumnSample, sniffValues } from "./sniff-values.ts";

/** A column of a file that tells its type; `precision` and `scale` of a decimal. */
export interface FileColumn {
  name: string;
  type: ColumnType;
  zoned?: boolean | undefined;
  precision?: number | undefined;
  scale?: number | undefined;
}

/** A column that a file is found to have. */
export interface InferredColumn {
  name: string;
  /** Its name in the header; null without a header. */
  header: string | null;
  type: ColumnType;
  zoned: boolean;
  /** The digits of a decimal, and those after the point, when the file tells them. */
  precision?: number | undefined;
  scale?: number | undefined;
  /** The first values that are some. */
  examples: string[];
  /** How many of the rows that were read have no value. */
  missing: number;
}

/** What a file is found to be: how it is written, and the table that would fit it. */
export interface Inferred {
  dialect: Dialect;
  confidence: number;
  doubts: string[];
  columns: InferredColumn[];
  primaryKey: string[];
  /** How many rows were read, and the first of them. */
  rows: number;
  sample: string[][];
}

const maxKeyLength = 255;
const maxNameLength = 64;
const sampleRows = 10;
const examples = 3;

/**
 * Proposes a dialect and a table for a file from its beginning, `lead`; `ended`: it is the whole file, `typed`: its columns, when it tells
 * their types itself.
 */
export function inferTable(
  { lead, ended }: { lead: Buffer; ended: boolean },
  { given, header, typed }: { given: Partial<Dialect>; header: HeaderMode; typed?: readonly FileColumn[] | undefined },
): Inferred | Refusal {
  const sniffed = sniffDialect(lead, { ended, given });
  if ("refusal" in sniffed) return sniffed;
  const { reading, refused } = sniffed;
  if (reading.records.every((record) => record.every((field) => field.trim() === "")))
    return { refusal: "the file has no rows", parameter: "file" };
  const doubts = [...sniffed.doubts, ...(refused ? [refused.refusal] : [])];
  const trailing = reading.dialect.trailingDelimiter ? 1 : 0;
  const body = reading.records
    .map((record, at) => ({ record, line: reading.lines[at]! }))
    .filter(({ record }) => record.length === reading.width)
    .map(({ record, line }) => ({ line, fields: record.slice(0, record.length - trailing) }));
  const isHeader = typed !== undefined || (header === "auto" ? looksLikeHeader(body, doubts) : header === "true");
  const [first] = body;
  const names = namesOf(isHeader ? first!.fields : first!.fields.map(() => ""), isHeader, doubts);
  const rows = (isHeader ? body.slice(1) : body).map(({ fields }) => fields);
  const samples: ColumnSample[] = names.map((name, at) => {
    const values = rows.map((row) => row[at] ?? "");
    const { type, zoned } = typed?.[at] ?? {};
    return { name, values, type, zoned };
  });
  const values = sniffValues(samples, given, typed !== undefined);
  doubts.push(...values.doubts, ...(values.refused ? [values.refused.refusal] : []));
  const skip = isHeader ? first!.line - 1 : skippedLines(reading, first!.line);
  const { missingTyped: words = [], ...written } = values.found;
  const dialect: Dialect = {
    ...reading.dialect,
    ...written,
    missing: [...new Set([...reading.dialect.missing, ...words])],
    header: isHeader,
    skip,
  };
  const format = fieldFormat(dialect);
  const columns = names.map((name, at): InferredColumn => {
    const all = samples[at]!.values;
    const valued = all.filter((value) => !isMissing(value, format));
    const header = isHeader ? first!.fields[at]! : null;
    const found = typeOf({ ...samples[at]!, values: valued }, format, doubts);
    const some = found.type === "string" ? all.filter((value) => !isMissing(value, reading.dialect)) : valued;
    return {
      name,
      header,
      ...found,
      ...(typed?.[at]?.scale !== undefined && { precision: typed[at].precision, scale: typed[at].scale }),
      examples: [...new Set(some)].slice(0, examples).map((value) => value.slice(0, 200)),
      missing: all.length - some.length,
    };
  });
  // In a column of text such a word may be one.
  const inText = words.filter((word) =>
    columns.some(({ type }, at) => type === "string" && samples[at]!.values.includes(word)),
  );
  const isTyped = typed !== undefined;
  const settled = {
    ...dialect,
    missing: isTyped ? [""] : dialect.missing.filter((word) => !inText.includes(word)),
    ...(inText.length > 0 && { missingTyped: inText }),
  };
  const left = reading.records.length - body.length;
  if (left > 0) doubts.push(`${left} of the first ${reading.records.length} lines have another number of columns`);
  const isUnsure = refused !== undefined || values.refused !== undefined;
  const shown = (row: string[]) => (isTyped ? row.map((field) => (field === noValue ? "" : field)) : row);
  return {
    dialect: settled,
    confidence: isUnsure ? Math.min(sniffed.confidence, 0.4) : sniffed.confidence,
    doubts,
    columns,
    primaryKey: keyOf(columns, rows, doubts),
    rows: rows.length,
    sample: rows.slice(0, sampleRows).map(shown),
  };
}

/** Lines above the first row are skipped when they are no rows. */
function skippedLines({ lines, dialect }: Reading, firstLine: number): number {
  return lines[0] === firstLine ? dialect.skip : firstLine - 1;
}

interface Line {
  line: number;
  fields: string[];
}

const isValue = (field: string) =>
  /^[+-]?[\d.,]*\d[\d.,%]*$|^\d{1,4}[-/.:]\d{1,2}\b|^(?:true|false|null|na|n\/a)$/i.test(field.trim());

/** Whether the first line has names: they differ from each other, and from what is below them. */
function looksLikeHeader([first, ...rows]: Line[], doubts: string[]): boolean {
  if (!first) return false;
  const { fields } = first;
  const plain = fields.map(plainName);
  const named = fields.filter((field) => field.trim() !== "");
  if (named.length === 0 || fields.some((field) => isValue(field) || field.length > maxNameLength * 2)) return false;
  // A first column without a name has the numbers of rows; others are left over.
  if (named.length * 2 < fields.length) return false;
  const hasValues = fields.some((_, at) => rows.some((row) => isValue(row.fields[at] ?? "")));
  if (hasValues) return true;
  const isRepeated = plain.some(
    (name, at) => name !== "" && rows.some((row) => plainName(row.fields[at] ?? "") === name),
  );
  if (isRepeated || new Set(plain).size < plain.length) {
    doubts.push("the first line may have the names of the columns: header=true says so");
    return false;
  }
  doubts.push("the first line is taken for the names of the columns; header=false says that it is a row");
  return true;
}

/** Names that columns can have, each once. */
function namesOf(fields: readonly string[], isHeader: boolean, doubts: string[]): string[] {
  const seen = new Set<string>();
  const compared = (name: string) => name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const names = fields.map((field, at) => {
    const clean = field
      .normalize("NFC")
      .replace(/[\u{10000}-\u{10ffff}]/gu, "")
      .replace(/[\p{C}\p{Z}]+/gu, " ")
      .replace(/^[\s_]+/, "")
      .slice(0, maxNameLength - 4)
      .trim();
    const base = clean === "" ? `column_${at + 1}` : clean;
    let name = base;
    for (let count = 2; seen.has(compared(name)); count++) name = `${base}_${count}`;
    seen.add(compared(name));
    return name;
  });
  const renamed = names.filter((name, at) => isHeader && name !== fields[at]);
  if (renamed.length > 0)
    doubts.push(`columns have other names than in the header: ${renamed.slice(0, 10).join(", ")}`);
  const repeated = fields.find((field, at) => isHeader && fields.indexOf(field) !== at);
  if (repeated !== undefined) {
    doubts.push(
      `the header has ${JSON.stringify(repeated)} twice: header=false with skip= assigns columns by position`,
    );
  }
  return names;
}

const isMissing = (value: string, { missing }: Pick<FieldFormat, "missing">) =>
  missing.includes(value) || value.trim() === "";

/** Signs that a value is more than its type keeps: a code with zeros in front, a plus, a hash without hyphens. */
const guards: Partial<Record<ColumnType, RegExp>> = {
  integer: /^-?(?:0|[1-9][\d.,'’_ \u00a0\u202f]*)$/,
  number: /^-?(?:0|[1-9][\d.,'’_ \u00a0\u202f]*|0?[.,]\d+|0[.,]\d*)(?:e[+-]?\d+)?$|^-?\d[.,]\d+e[+-]?\d+$/i,
  boolean: /^(?:true|false|t|f|yes|no|y|n)$/i,
  date: /^[^:]*$/,
  uuid: /-/,
  time: /:/,
  json: /^\s*[[{]/,
};
const candidates: readonly { type: ColumnType; zoned: boolean }[] = [
  { type: "boolean", zoned: false },
  { type: "integer", zoned: false },
  { type: "number", zoned: false },
  { type: "uuid", zoned: false },
  { type: "date", zoned: false },
  { type: "datetime", zoned: true },
  { type: "datetime", zoned: false },
  { type: "time", zoned: false },
  { type: "json", zoned: false },
];

/** The type of a column, or the first one that a load would read all values by. */
function typeOf(
  { name, values, type: told, zoned = false }: ColumnSample,
  format: FieldFormat,
  doubts: string[],
): { type: ColumnType; zoned: boolean } {
  const trimmed = format.trim ? values.map((value) => value.trim()) : values;
  const to = Buffer.alloc(1024 + 2 * Math.max(0, ...values.map((value) => Buffer.byteLength(value))));
  const areRead = ({ type, zoned }: { type: ColumnType; zoned: boolean }, round: boolean) => {
    const column = { name, type, required: true, unique: false, zoned };
    const codec = fieldCodec(column, { ...format, missing: [], round });
    return values.every((value) => {
      const bytes = Buffer.from(value);
      return codec.write(bytes, 0, bytes.length, to, 0) >= 0;
    });
  };
  const guess = () =>
    candidates.find((candidate) => {
      const guard = guards[candidate.type];
      if (values.length === 0 || (guard && !trimmed.every((value) => guard.test(value)))) return false;
      return areRead(candidate, true);
    });
  const found = told === undefined ? guess() : { type: told, zoned };
  if (found === undefined) return { type: "string", zoned: false };
  if (!format.round && !areRead(found, false)) {
    doubts.push(`${name} has values that are more precise than is stored: round=true rounds them`);
  }
  return found;
}

/** The columns by which the rows of the sample are known. */
function keyOf(columns: readonly InferredColumn[], rows: readonly string[][], doubts: string[]): string[] {
  const fits = columns.map(
    ({ type, missing }, at) =>
      missing === 0 &&
      type !== "json" &&
      type !== "boolean" &&
      rows.every((row) => (row[at] ?? "").length <= maxKeyLength),
  );
  const isKey = (at: number[]) =>
    at.every((each) => fits[each]) &&
    new Set(rows.map((row) => JSON.stringify(at.map((each) => row[each])))).size === rows.length;
  const all = columns.map((_, at) => at);
  const isNamed = (at: number) => /(?:^|[\W_])(?:id|uuid|key|code|nr|no)$|id$/i.test(columns[at]!.name);
  const single = all.filter((at) => isKey([at]));
  const best =
    single.find(isNamed) ??
    single.find((at) => columns[at]!.type === "integer" || columns[at]!.type === "uuid") ??
    single[0];
  if (best !== undefined && rows.length > 0) return [columns[best]!.name];
  const pairs = all.slice(0, 12).flatMap((one) => all.slice(one + 1, 12).map((other) => [one, other]));
  const pair = rows.length > 1 ? pairs.find(isKey) : undefined;
  if (pair) return pair.map((at) => columns[at]!.name);
  doubts.push("no column tells the rows apart: choose the primary key");
  return [columns[fits.indexOf(true)]?.name ?? columns[0]!.name];
}
