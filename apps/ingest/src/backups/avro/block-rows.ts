import { lineFeed, tab } from "../../csv/load-data-format.ts";
import { type FieldCodec, fieldCodec, plainFormat } from "../../fields/codec.ts";
import { fault } from "../../fields/field-faults.ts";
import { maxGrowth } from "../../fields/field-writer.ts";
import { keyOrder } from "../../store/key-order.ts";
import { type PlainRow, plainKey, storeText } from "../../store/plain-row.ts";
import { type Column, columnNamed, type Table } from "../../tables/table.ts";
import { DamagedFile, IncompatibleFile } from "./byte-source.ts";
import type { Block } from "./container-reader.ts";
import { invalidText, type RowDecoder, rowDecoder } from "./resolve-schema.ts";

/** The rows of a block, also as text for `LOAD DATA`. */
export interface BlockRows {
  rows: PlainRow[];
  /** The text of the rows with these indexes, in ascending order. */
  text(numbers: readonly number[]): Buffer;
}

/**
 * Decodes the blocks of a file with this schema one after the other and validates each row by the rules of the table. Keys must ascend, as
 * in every backup, unless `anyOrder`. Throws `DamagedFile`, and `IncompatibleFile` for a row that the table cannot store.
 */
export function blockDecoder(table: Table, schema: string, anyOrder = false): (block: Block) => BlockRows {
  const decode = rowDecoder(table, schema);
  const writer = new RowWriter(table);
  const compare = keyOrder(table);
  let last: PlainRow | undefined;
  return (block) => {
    const rows: PlainRow[] = [];
    const ends: number[] = [];
    writer.start(block.data.length);
    let at = 0;
    while (rows.length < block.rows) {
      const { value, offset } = decodeRow(decode, block.data, at);
      if (value === undefined || offset < 0) throw new DamagedFile("A block ends within a row.");
      at = offset;
      ends.push(writer.add(value));
      if (!anyOrder && last !== undefined && compare(last, value) >= 0) {
        throw new IncompatibleFile(`the row with ${keyName(table, value)} is out of order: keys must ascend`);
      }
      last = value;
      rows.push(value);
    }
    if (at !== block.data.length) throw new DamagedFile("A block has more bytes than its rows.");
    const text = writer.text();
    return {
      rows,
      text(numbers) {
        if (numbers.length === rows.length) return text;
        return Buffer.concat(numbers.map((number) => text.subarray(ends[number - 1] ?? 0, ends[number])));
      },
    };
  };
}

function decodeRow(decode: RowDecoder, data: Buffer, at: number): ReturnType<RowDecoder> {
  try {
    return decode(data, at);
  } catch (error) {
    throw new DamagedFile("A block contains an invalid row.", { cause: error });
  }
}

/** A row in messages: `id 7`, `year 2021, code A`. */
function keyName(table: Table, row: PlainRow): string {
  return table.primaryKey
    .map((name) => {
      const value = row[plainKey(table.columns.indexOf(columnNamed(table, name)))];
      return `${name} ${value === undefined || value === null ? "of no value" : String(value).slice(0, 64)}`;
    })
    .join(", ");
}

const initialBytes = 1024;

/** Writes plain rows as text for `LOAD DATA`, by the rules of the table. */
export class RowWriter {
  readonly #table: Table;
  readonly #columns: { key: string; column: Column; codec: FieldCodec; zone: string; isNormal: boolean }[];
  #field = Buffer.allocUnsafe(initialBytes);
  #text = Buffer.alloc(0);
  #length = 0;

  constructor(table: Table) {
    this.#table = table;
    this.#columns = table.columns.map((column, index) => {
      const { format: _, ...plain } = column;
      const zone = column.type === "datetime" && column.zoned ? "Z" : "";
      const isNormal = column.type !== "number" && column.type !== "uuid";
      return { key: plainKey(index), column, codec: fieldCodec(plain, plainFormat), zone, isNormal };
    });
  }

  /** Starts a new text of about this length in bytes; the one before stays as it is. */
  start(bytes: number): void {
    this.#text = Buffer.allocUnsafe(2 * bytes + initialBytes);
    this.#length = 0;
  }

  /** Adds a row and returns the length of the text; a number or UUID in `row` gets its usual form. Throws `IncompatibleFile`. */
  add(row: PlainRow): number {
    let place = this.#length;
    for (const { key, column, codec, zone, isNormal } of this.#columns) {
      const value = row[key];
      if (value === null) {
        this.#reserve(place, 0);
        if (column.required || this.#table.primaryKey.includes(column.name))
          this.#refuse(row, column, "it is required");
        place += this.#text.write("\\N", place, "latin1");
      } else {
        const found = value === undefined ? fault.type : value === invalidText ? fault.invalidUtf8 : 0;
        const length = found < 0 ? 0 : this.#write(row, column, value!, zone);
        this.#reserve(place, length);
        const next = found < 0 ? found : codec.write(this.#field, 0, length, this.#text, place);
        if (next < 0) this.#refuse(row, column, `it ${codec.faultOf(next).reason}`);
        if (!isNormal) row[key] = this.#text.toString("latin1", place, next);
        place = next;
      }
      this.#text[place++] = tab;
    }
    this.#text[place - 1] = lineFeed;
    this.#length = place;
    return place;
  }

  /** The rows since `start`. */
  text(): Buffer {
    return this.#text.subarray(0, this.#length);
  }

  /** Writes a value as a field of a file; returns its length in bytes. */
  #write(row: PlainRow, column: Column, value: NonNullable<PlainRow[string]>, zone: string): number {
    let text: string;
    try {
      text = storeText(column, value) + zone;
    } catch (error) {
      if (error instanceof RangeError) return this.#refuse(row, column, "it does not exist in the calendar");
      throw error;
    }
    if (text.length * 3 > this.#field.length) this.#field = Buffer.allocUnsafe(text.length * 4);
    return this.#field.write(text);
  }

  #reserve(place: number, bytes: number): void {
    const needed = place + 2 * bytes + maxGrowth + 1;
    if (needed <= this.#text.length) return;
    const longer = Buffer.allocUnsafe(2 * needed);
    this.#text.copy(longer, 0, 0, place);
    this.#text = longer;
  }

  #refuse(row: PlainRow, { name }: Column, reason: string): never {
    const key = keyName(this.#table, row);
    throw new IncompatibleFile(`the row with ${key} has a ${name} that the table cannot store: ${reason}`);
  }
}
