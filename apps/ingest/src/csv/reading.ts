import { CsvReader } from "./csv-reader.ts";
import type { Dialect } from "./dialect.ts";
import { plainName } from "./header.ts";
import { fieldBytes } from "./record.ts";

/** What a dialect makes of the beginning of a file. */
export interface Reading {
  dialect: Dialect;
  /** The records that could be read, at most 500, without lines that are broken. */
  records: string[][];
  /** For each record, the line on which it starts. */
  lines: number[];
  /** The most frequent number of fields. */
  width: number;
  /** How many of the records have that width, 0 to 1; broken lines count as records. */
  share: number;
  /** How many lines have a quote that does not fit. */
  broken: number;
  /** How many fields are in quotes. */
  quoted: number;
  fields: number;
  /** How well the dialect fits; more than 1 when there is a line with the names of the columns. */
  score: number;
}

const maxRecords = 500;
const maxFields = 1024;
/** A header is searched in this many records. */
const maxHeaderRecords = 32;

/** Reads the beginning of a file, in UTF-8, in a dialect. `names`: the columns that the file should have, if they are known. */
export function readAs(
  { text, ended }: { text: Buffer; ended: boolean },
  dialect: Dialect,
  names: readonly string[],
): Reading {
  const reader = new CsvReader(maxFields, { dialect });
  reader.push(text);
  if (ended) reader.end();
  const records: string[][] = [];
  const lines: number[] = [];
  const widths = new Map<number, number>();
  let broken = 0;
  let quoted = 0;
  let fields = 0;
  let left = 0;
  while (records.length + broken < maxRecords) {
    const found = reader.next();
    if (found === "end" || found === "more") break;
    if (found === "broken") {
      broken++;
      continue;
    }
    const record: string[] = [];
    for (let index = 0; index < Math.min(reader.fieldCount, maxFields); index++) {
      const field = fieldBytes(reader, index).toString();
      record.push(field);
      if (reader.quoted[index] === 1) quoted++;
      else if (isLeftOver(field, dialect)) left++;
    }
    fields += record.length;
    records.push(record);
    lines.push(reader.recordLine);
    widths.set(reader.fieldCount, (widths.get(reader.fieldCount) ?? 0) + 1);
  }
  const [width = 1, frequency = 0] = [...widths].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? [];
  const total = records.length + broken;
  const share = total === 0 ? 0 : frequency / total;
  const reading = { dialect, records, lines, width, share, broken, quoted, fields };
  return { ...reading, score: scoreOf(reading, left, names) };
}

function scoreOf(
  { dialect, records, width, share, quoted, fields }: Omit<Reading, "score">,
  left: number,
  names: readonly string[],
): number {
  const clean = 1 - (fields === 0 ? 0 : left / fields) * 0.5;
  // Of dialects that fit equally well, the one with more columns is more likely to be right.
  let score = width === 1 ? 0.05 * share * clean : share * clean + Math.min(width, 20) / 2000;
  if (names.length > 1 && records.slice(0, maxHeaderRecords).some((record) => hasNames(record, names))) score += 1;
  else if (width > 1 && (width === names.length || width === names.length + 1)) score += 0.25;
  // Single quotes around few fields are apostrophes.
  if (dialect.quote === "'" && quoted * 4 < fields) score -= 0.2;
  return score;
}

/** Whether a field without quotes has signs of another dialect. */
function isLeftOver(field: string, { quote, escape: escapeSign, trim, lineEnd }: Dialect): boolean {
  if (field === "\\N") return escapeSign === null;
  if (quote === '"' && /^'.*'$/s.test(field)) return true;
  if (!trim && /^[ \t]+"|"[ \t]+$/.test(field)) return true;
  return field.includes("\r") && lineEnd !== "mixed";
}

function hasNames(record: readonly string[], names: readonly string[]): boolean {
  const plain = new Set(record.map(plainName));
  return names.every((name) => plain.has(plainName(name)));
}
