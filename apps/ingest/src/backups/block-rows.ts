import { writeDate } from "../csv/date-time.ts";
import { lineFeed, tab, writeId, writeText } from "../csv/load-text.ts";
import { maxId } from "../csv/row-faults.ts";
import type { PlainRow } from "../store/row-range.ts";
import type { Table } from "../tables.ts";
import { avroType } from "./avro-schema.ts";
import { DamagedFile } from "./byte-source.ts";
import type { Block } from "./container-reader.ts";

const maxRowBytes = 4096;

/**
 * Decodes the blocks of a backup, one after the other. The ids must ascend, as they do in every backup. Throws `DamagedFile`.
 */
export function blockDecoder(table: Table): (block: Block) => PlainRow[] {
  const type = avroType(table);
  let lastId = 0;
  return ({ rows, data }) => {
    const decoded: PlainRow[] = [];
    let at = 0;
    for (let row = 0; row < rows; row++) {
      const { value, offset } = type.decode(data, at) as { value: PlainRow | undefined; offset: number };
      if (value === undefined || offset < 0) throw new DamagedFile("A block ends within a row.");
      at = offset;
      const id = Number(value.id);
      if (!(id > lastId)) throw new DamagedFile(`The row with the id ${id} is not in its place.`);
      lastId = id;
      decoded.push(value);
    }
    if (at !== data.length) throw new DamagedFile("A block holds more than its rows.");
    return decoded;
  };
}

/** Rows as text for `LOAD DATA`, by the rules that every row obeys. Throws `DamagedFile` for one that could not have been in the table. */
export function loadText(table: Table, rows: readonly PlainRow[]): Buffer {
  let text = Buffer.allocUnsafe(maxRowBytes * 2 + rows.length * 64);
  let place = 0;
  for (const row of rows) {
    if (place > text.length - maxRowBytes) {
      const larger = Buffer.allocUnsafe(text.length * 2);
      text.copy(larger, 0, 0, place);
      text = larger;
    }
    place = writeRow(table, row, text, place);
  }
  return text.subarray(0, place);
}

function writeRow(table: Table, row: PlainRow, text: Buffer, start: number): number {
  let place = start;
  for (const { name, kind } of table.columns) {
    const value = row[name];
    let next: number;
    if (kind === "text") {
      const bytes = Buffer.from(String(value));
      next = writeText(bytes, 0, bytes.length, text, place);
    } else if (kind === "datetime") {
      next = writeDate(new Date(Number(value)), text, place);
    } else {
      const id = Number(value);
      next = Number.isInteger(id) && id >= 1 && id <= maxId ? writeId(id, text, place) : -1;
    }
    if (next < 0) throw new DamagedFile(`A ${name} in the file is none.`);
    text[next] = tab;
    place = next + 1;
  }
  text[place - 1] = lineFeed;
  return place;
}
