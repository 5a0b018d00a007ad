import { writeDate } from "../csv/date-time.ts";
import { lineFeed, tab, writeId, writeText } from "../csv/load-text.ts";
import { maxId } from "../csv/row-faults.ts";
import type { Table } from "../tables.ts";
import { avroType, type BackupRow } from "./avro-schema.ts";
import { DamagedFile } from "./byte-source.ts";
import type { Block } from "./container-reader.ts";

const maxRowBytes = 4096;

/** Rows as text for `LOAD DATA`. */
export interface RestoreText {
  text: Buffer;
  rows: number;
}

/**
 * Turns the blocks of a backup into text for `LOAD DATA`, by the rules that every row obeys. The ids must ascend, as they do in every
 * backup. Throws `DamagedFile` for a row that could not have been in the table.
 */
export function restoreTexts(table: Table): (block: Block) => RestoreText {
  const type = avroType(table);
  let lastId = 0;
  return ({ rows, data }) => {
    let text = Buffer.allocUnsafe(data.length * 2 + maxRowBytes);
    let place = 0;
    let at = 0;
    for (let row = 0; row < rows; row++) {
      const decoded = decode(type, data, at);
      at = decoded.offset;
      const id = Number(decoded.value.id);
      if (!(id > lastId)) throw new DamagedFile(`The row with the id ${id} is not in its place.`);
      lastId = id;
      if (place > text.length - maxRowBytes) {
        const larger = Buffer.allocUnsafe(text.length * 2);
        text.copy(larger, 0, 0, place);
        text = larger;
      }
      place = writeRow(table, decoded.value, text, place);
    }
    if (at !== data.length) throw new DamagedFile("A block holds more than its rows.");
    return { text: text.subarray(0, place), rows };
  };
}

function decode(type: ReturnType<typeof avroType>, data: Buffer, at: number): { value: BackupRow; offset: number } {
  const { value, offset } = type.decode(data, at);
  if (value === undefined || offset < 0) throw new DamagedFile("A block ends within a row.");
  return { value, offset };
}

function writeRow(table: Table, row: BackupRow, text: Buffer, start: number): number {
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
