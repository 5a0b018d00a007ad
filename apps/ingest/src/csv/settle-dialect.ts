import type { Table } from "../tables/table.ts";
import { detectHeader, type FileLayout, type HeaderFault } from "./detect-header.ts";
import type { Dialect } from "./dialect.ts";
import type { ColumnOptions, HeaderMode } from "./header.ts";
import type { Reading } from "./reading.ts";
import { enoughRows, sniffDialect, textOf } from "./sniff-dialect.ts";
import type { Refusal } from "./sniff-encoding.ts";
import { type ColumnSample, sniffValues } from "./sniff-values.ts";

/** How a file is to be read, settled before its first row. */
export interface SettledFile {
  dialect: Dialect;
  layout: FileLayout;
  /** The number of fields of a row. */
  width: number;
  confidence: number;
  doubts: string[];
}

interface DialectOptions {
  given: Partial<Dialect>;
  header: HeaderMode;
  columns?: ColumnOptions;
  /** Whether the values of the file have types, so that texts are not taken for no value. */
  isTyped?: boolean;
}

/**
 * Settles how a file is read, from its beginning: what is given comes before what is saved with the table, and that before what the
 * file looks like. Returns why the file is refused instead: its header does not fit, or there are several readings or none.
 */
export function settleDialect(
  { lead, ended }: { lead: Buffer; ended: boolean },
  table: Table,
  { given, header, columns = {}, isTyped = false }: DialectOptions,
): SettledFile | HeaderFault | Refusal {
  const all = { ...table.dialect, ...given, missing: isTyped ? (given.missing ?? []) : missingOf(table, given) };
  const names = table.columns.map(({ name }) => fileName(name, columns.map));
  const sniffed = sniffDialect(lead, { ended, given: all, names });
  if ("refusal" in sniffed) return sniffed;
  const { reading, confidence, doubts, refused } = sniffed;
  if (refused) return refused;
  const mode = header === "auto" && table.dialect.header !== undefined ? (`${table.dialect.header}` as const) : header;
  const text = { lead: textOf(lead, reading.dialect.encoding, ended), ended: true };
  const layout = detectHeader(table, mode, text, { dialect: reading.dialect, columns });
  if (layout === undefined) return { refusal: "the first line of the file does not end", parameter: "lineEnd" };
  if ("fault" in layout) return layout;
  const values = sniffValues(samplesOf(table, reading, layout), all, isTyped);
  if (values.refused) return values.refused;
  doubts.push(...values.doubts);
  const { missingTyped = [], ...written } = values.found;
  const words = [...(reading.dialect.missingTyped ?? []), ...missingTyped];
  Object.assign(reading.dialect, written, words.length > 0 && { missingTyped: words });
  const wanted = names.length;
  if (layout.header) {
    const { line, width } = layout.header;
    const dialect = { ...reading.dialect, header: true, skip: line - 1 };
    return { dialect, layout, width, confidence, doubts };
  }
  const dialect = { ...reading.dialect, header: false };
  if (Object.keys(columns.map ?? {}).length > 0) {
    return {
      refusal: "map names columns of a header, and no line is one: send a file with a header",
      parameter: "map",
    };
  }
  const found = reading.width - (dialect.trailingDelimiter ? 1 : 0);
  const fits = found === wanted || reading.records.some((record) => record.length === wanted);
  if (columns.ignoreExtra && found > wanted) return { dialect, layout, width: found, confidence, doubts };
  if (reading.records.length >= enoughRows && !fits) {
    return {
      refusal:
        `the rows of the file have ${found} ${found === 1 ? "column" : "columns"} and no header, and the table has ` +
        `${wanted} (${names.slice(0, 10).join(", ")}): add a header, or send delimiter=, or extra=ignore to leave out the last ones`,
      parameter: "header",
    };
  }
  return { dialect, layout, width: wanted, confidence, doubts };
}

/** Texts that are no value: those that are saved with the table, and those that are given besides. */
function missingOf(table: Table, given: Partial<Dialect>): string[] {
  return [...new Set([...(table.dialect.missing ?? table.missingValues), ...(given.missing ?? [])])];
}

/** The values of the table's columns at the beginning of the file. */
function samplesOf(
  table: Table,
  { records, lines, width }: Reading,
  { fieldOrder, skipLines }: FileLayout,
): ColumnSample[] {
  const rows = records.filter((record, at) => lines[at]! > skipLines && record.length === width);
  return table.columns.map(({ name, type, zoned, format }, at) => {
    const field = fieldOrder[at] ?? -1;
    return { name, type, zoned, format, values: field < 0 ? [] : rows.map((row) => row[field] ?? "") };
  });
}

/** The name of a column in the file. */
function fileName(column: string, map: ColumnOptions["map"] = {}): string {
  return Object.entries(map).find(([, to]) => to === column)?.[0] ?? column;
}
