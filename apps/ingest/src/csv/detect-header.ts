import { tableCodecs } from "../fields/codec.ts";
import { fieldFormat, tableDialect } from "../fields/field-format.ts";
import type { Table } from "../tables/table.ts";
import { CsvReader } from "./csv-reader.ts";
import type { Dialect } from "./dialect.ts";
import {
  type ColumnNames,
  type ColumnOptions,
  type FieldOrder,
  fieldTexts,
  type HeaderMode,
  looksLikeNames,
  readNames,
  tableOrder,
} from "./header.ts";
import { RowBatch } from "./row-batch.ts";

/** How the rows of a file are to be read. */
export interface FileLayout {
  fieldOrder: FieldOrder;
  /** Records that start on the first `skipLines` lines are not rows. */
  skipLines: number;
  /** The line of the header, from 1, the number of its fields, and these; absent when there is none. */
  header?: { line: number; width: number; names: readonly string[] };
}

/** Why the columns cannot be determined. */
export interface HeaderFault {
  fault: "partial header" | "no header" | "different order" | "separator";
  line: number;
  names: ColumnNames;
  /** The separator that the file declares. */
  separator?: string;
}

/** A header is searched in this many lines, and in this many bytes: more than the max size of a record. */
const maxLines = 32;
export const maxLeadBytes = 128 * 1024;
const maxFields = 1024;

/**
 * Searches the beginning of a file, `lead`, for the header: lines above it, such as a title or Excel's `sep=,`, are not rows. Columns
 * are assigned by position only when no line looks like a header. `undefined` when more bytes are needed; `ended`: there are none.
 */
export function detectHeader(
  table: Table,
  mode: HeaderMode,
  { lead, ended }: { lead: Buffer; ended: boolean },
  { dialect = tableDialect(table), columns = {} }: { dialect?: Dialect; columns?: ColumnOptions } = {},
): FileLayout | HeaderFault | undefined {
  const reader = new CsvReader(maxFields, { dialect });
  reader.push(lead);
  if (ended) reader.end();
  const row = new RowBatch(table, { rows: 1, bytes: 0 }, tableCodecs(table, fieldFormat(dialect)));
  let separatorLine = 0;
  let first: HeaderFault | undefined;
  let partial: HeaderFault | undefined;
  for (let found = reader.next(); found !== "end"; found = reader.next()) {
    if (found === "more") {
      if (lead.length < maxLeadBytes) return undefined;
      break;
    }
    if (reader.recordLine > maxLines) break;
    if (found === "broken") continue;
    const isFirst = first === undefined && separatorLine === 0;
    const separator = isFirst ? separatorIn(lead.toString("utf8", reader.recordStart, reader.recordEnd)) : undefined;
    const fields = fieldTexts(reader);
    const trailing = dialect.trailingDelimiter && fields.length > 1 && fields.at(-1)?.trim() === "" ? 1 : 0;
    if (trailing > 0) fields.pop();
    const names = readNames(table, fields, columns);
    const line = reader.recordLine;
    if (separator !== undefined) {
      if (separator !== dialect.delimiter) return { fault: "separator", line, names, separator };
      separatorLine = line;
      continue;
    }
    if (mode === "false") {
      if (names.moved && looksLikeNames(table, fields, true, columns)) return { fault: "different order", line, names };
      break;
    }
    if (names.order) {
      return {
        fieldOrder: names.order,
        skipLines: reader.line - 1,
        header: { line, width: reader.fieldCount - trailing, names: fields },
      };
    }
    first ??= { fault: "no header", line, names };
    row.clear();
    const isRow = row.add(reader, tableOrder(table), table.columns.length + trailing);
    if (looksLikeNames(table, fields, isRow, columns) && names.known > (partial?.names.known ?? -1)) {
      partial = { fault: "partial header", line, names };
    }
    if (isRow) break;
  }
  if (partial) return partial;
  if (mode === "true") return first ?? { fault: "no header", line: 1, names: readNames(table, []) };
  return { fieldOrder: tableOrder(table), skipLines: separatorLine };
}

/** The separator of a line like `sep=,`, as Excel writes and reads it. */
function separatorIn(line: string): string | undefined {
  return /^"?sep=(.)"?[,;\t]*$/i.exec(line)?.[1];
}
