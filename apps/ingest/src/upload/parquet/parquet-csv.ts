import { csvField } from "@quintet/http";
import { noValue } from "../../csv/dialect.ts";
import type { Expansion } from "../expansion.ts";
import type { SpooledFile } from "../spool.ts";
import { parquetProblem } from "./faults.ts";
import { ColumnChunk, openParquet, PageMemory, type ParquetFile } from "./parquet-file.ts";
import type { ParquetColumn } from "./values.ts";

const writtenLength = 64 * 1024;
const rowsAtOnce = 512;
/** Texts have a character for each of their bytes. */
const bytesOf = (text: string) => Buffer.from(text, "latin1");
const none = Buffer.from(noValue).toString("latin1");

/** A Parquet file as CSV, and its columns. */
export interface ParquetCsv {
  columns: readonly ParquetColumn[];
  bytes: AsyncGenerator<Buffer>;
}

/**
 * A spooled Parquet file (https://parquet.apache.org/docs/file-format/) as CSV (RFC 4180) in UTF-8 with a header, converted page by
 * page while it is read: `noValue` is no value, dates and times are ISO 8601, numbers are exact. The same file has the same bytes each
 * time. Throws a 400 when it is damaged, a 422 when it has nested columns or others that no table can have, a 413 when its pages are
 * too large.
 */
export async function parquetAsCsv(spooled: SpooledFile, expansion: Expansion): Promise<ParquetCsv> {
  expansion.claim()(spooled.bytes);
  try {
    const file = await openParquet(spooled);
    return { columns: file.columns, bytes: rowsAsCsv(spooled, file, expansion) };
  } catch (error) {
    throw parquetProblem(error);
  }
}

async function* rowsAsCsv(spooled: SpooledFile, { columns, groups }: ParquetFile, expansion: Expansion) {
  let bytes = 0;
  const written = (text: string) => {
    bytes += text.length;
    expansion.check(bytes);
    return bytesOf(text);
  };
  try {
    yield written(`${columns.map(({ name }) => csvField(Buffer.from(name).toString("latin1"))).join(",")}\r\n`);
    for (const group of groups) {
      const rows = Number(group.num_rows);
      if (!Number.isSafeInteger(rows) || rows < 0) throw new Error("rows of a group");
      const memory = new PageMemory();
      const chunks = columns.map(
        (column, at) => new ColumnChunk(spooled, column, group.columns[at]!.meta_data!, { rows, memory, field }),
      );
      let text = "";
      for (let left = rows; left > 0; ) {
        for (const chunk of chunks) if (chunk.left === 0) await chunk.fill();
        const count = Math.min(left, rowsAtOnce, ...chunks.map((chunk) => chunk.left));
        for (let row = 0; row < count; row++) {
          text += lineOf(chunks);
          if (text.length < writtenLength) continue;
          yield written(text);
          text = "";
        }
        left -= count;
      }
      if (text !== "") yield written(text);
    }
  } catch (error) {
    throw parquetProblem(error);
  }
}

function lineOf(chunks: readonly ColumnChunk[]): string {
  let line = "";
  for (let at = 0; at < chunks.length; at++) {
    if (at > 0) line += ",";
    line += chunks[at]!.next() ?? none;
  }
  // A line without text would be skipped.
  return line === "" ? '""\r\n' : `${line}\r\n`;
}

/** A text that is the sign for no value has its row rejected, as one with a NUL. */
function field(text: string): string {
  return text === none ? "\0" : csvField(text);
}
