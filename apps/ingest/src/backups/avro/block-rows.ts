import type { Type } from "avsc";
import { writeDate } from "../../csv/date-time.ts";
import { lineFeed, tab, writeId, writeText } from "../../csv/load-data-format.ts";
import { maxId, maxTextLength } from "../../csv/row-faults.ts";
import type { PlainRow } from "../../store/row-range.ts";
import { kindOf } from "../../tables/kind.ts";
import type { Table } from "../../tables/table.ts";
import { avroType } from "./avro-schema.ts";
import { DamagedFile, IncompatibleFile } from "./byte-source.ts";
import type { Block } from "./container-reader.ts";

const maxRowBytes = 4096;

/** The rows of a block, also as text for `LOAD DATA`. */
export interface BlockRows {
  rows: PlainRow[];
  /** The text of the rows with these indexes, in ascending order. */
  text(numbers: readonly number[]): Buffer;
}

/**
 * Decodes the blocks of a backup one after the other and validates each row by the rules of the table. Ids must ascend, as in every
 * backup. Throws `DamagedFile`, and `IncompatibleFile` for a row that the table cannot store.
 */
export function blockDecoder(table: Table): (block: Block) => BlockRows {
  const type = avroType(table);
  const writeRow = rowWriter(table);
  let lastId = 0;
  return (block) => {
    const rows: PlainRow[] = [];
    const ends: number[] = [];
    let text = Buffer.allocUnsafe(block.data.length * 2 + maxRowBytes);
    let place = 0;
    let at = 0;
    while (rows.length < block.rows) {
      const { value, offset } = decodeRow(type, block.data, at);
      if (value === undefined || offset < 0) throw new DamagedFile("A block ends within a row.");
      at = offset;
      const id = Number(value.id);
      if (!(id > lastId))
        throw new IncompatibleFile(`the row with id ${id} is out of order: ids must start at 1 and ascend`);
      lastId = id;
      if (place > text.length - maxRowBytes) text = Buffer.concat([text.subarray(0, place)], text.length * 2);
      place = writeRow(value, text, place);
      rows.push(value);
      ends.push(place);
    }
    if (at !== block.data.length) throw new DamagedFile("A block has more bytes than its rows.");
    return {
      rows,
      text(numbers) {
        if (numbers.length === rows.length) return text.subarray(0, place);
        return Buffer.concat(numbers.map((number) => text.subarray(ends[number - 1] ?? 0, ends[number])));
      },
    };
  };
}

function decodeRow(type: Type, data: Buffer, at: number): { value: PlainRow | undefined; offset: number } {
  try {
    return type.decode(data, at) as { value: PlainRow | undefined; offset: number };
  } catch (error) {
    throw new DamagedFile("A block contains an invalid row.", { cause: error });
  }
}

/**
 * Returns a function that writes a row as text for `LOAD DATA` and returns the position after it; throws `IncompatibleFile` for
 * an invalid row.
 */
function rowWriter(table: Table): (row: PlainRow, text: Buffer, start: number) => number {
  const bytes = Buffer.alloc(maxTextLength * 4 + 4);
  const columns = table.columns.map((column) => ({ name: column.name, kind: kindOf(table, column) }));
  return (row, text, start) => {
    let place = start;
    for (const { name, kind } of columns) {
      const value = row[name];
      let next: number;
      if (kind === "text") {
        // A text that does not fit into `bytes` is too long even when truncated.
        next = writeText(bytes, 0, bytes.write(String(value)), text, place);
      } else if (kind === "datetime") {
        next = writeDate(new Date(Number(value)), text, place);
      } else {
        const id = Number(value);
        next = Number.isInteger(id) && id >= 1 && id <= maxId ? writeId(id, text, place) : -1;
      }
      if (next < 0) throw new IncompatibleFile(`the row with id ${row.id} has a ${name} that the table cannot store`);
      text[next] = tab;
      place = next + 1;
    }
    text[place - 1] = lineFeed;
    return place;
  };
}
