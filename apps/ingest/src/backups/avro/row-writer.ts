import { lineFeed, tab } from "../../csv/load-data-format.ts";
import { type KeyValue, type RowKeys, readKey, tableKeys, tableReferences } from "../../csv/row-keys.ts";
import { type FieldCodec, fieldCodec, plainFormat } from "../../fields/codec.ts";
import { fault } from "../../fields/field-faults.ts";
import { maxGrowth } from "../../fields/field-writer.ts";
import { type PlainRow, plainKey, storeText } from "../../store/plain-row.ts";
import { type Column, columnNamed, type Table } from "../../tables/table.ts";
import { IncompatibleFile } from "./byte-source.ts";
import type { FieldSink } from "./own-fields.ts";
import { invalidText } from "./resolve-schema.ts";

const initialBytes = 1024;

/** Writes rows as text for `LOAD DATA`, by the rules of the table: plain rows, or field by field in the order of the columns. */
export class RowWriter implements FieldSink {
  /** The position in the text of the end of each row since `start`. */
  ends: number[] = [];
  /** The values of each foreign key in the rows since `start`. */
  references: KeyValue[][] = [];
  /** The positions of the fields of the last row, which end before a tab or the line feed. */
  readonly #fieldStarts: Int32Array;
  readonly #fieldEnds: Int32Array;
  readonly #table: Table;
  readonly #columns: {
    key: string;
    column: Column;
    codec: FieldCodec;
    zone: string;
    isNormal: boolean;
    isNullable: boolean;
  }[];
  readonly #primaryKey: RowKeys;
  readonly #references: readonly RowKeys[];
  #field = Buffer.allocUnsafe(initialBytes);
  #text = Buffer.alloc(0);
  #place = 0;

  constructor(table: Table) {
    this.#table = table;
    this.#columns = table.columns.map((column, index) => {
      const { format: _, ...plain } = column;
      const zone = column.type === "datetime" && column.zoned ? "Z" : "";
      const isNormal = column.type !== "number" && column.type !== "uuid";
      const isNullable = !column.required && !table.primaryKey.includes(column.name);
      return { key: plainKey(index), column, codec: fieldCodec(plain, plainFormat), zone, isNormal, isNullable };
    });
    this.#primaryKey = tableKeys(table)[0]!;
    this.#references = tableReferences(table);
    this.#fieldStarts = new Int32Array(table.columns.length);
    this.#fieldEnds = new Int32Array(table.columns.length);
  }

  /** Starts a new text of about this length in bytes; the one before stays as it is. */
  start(bytes: number): void {
    this.#text = Buffer.allocUnsafe(2 * bytes + initialBytes);
    this.#place = 0;
    this.ends = [];
    this.references = this.#references.map(() => []);
  }

  /** The rows since `start`. */
  text(): Buffer {
    return this.#text.subarray(0, this.ends.at(-1) ?? 0);
  }

  /** Writes NULL as the next field; a fault for a column that needs a value. */
  addNull(index: number): number {
    if (!this.#columns[index]!.isNullable) return fault.required;
    this.#reserve(0);
    return this.#end(index, this.#place + this.#text.write("\\N", this.#place, "latin1"));
  }

  /** Writes the next field out of its bytes in a file; returns a fault of the column when it cannot be stored. */
  addField(index: number, from: Buffer, start: number, end: number): number {
    this.#reserve(end - start);
    const next = this.#columns[index]!.codec.write(from, start, end, this.#text, this.#place);
    return next < 0 ? next : this.#end(index, next);
  }

  /** Ends a row all of whose fields were added; returns the length of the text. */
  endRow(): number {
    this.#text[this.#place - 1] = lineFeed;
    for (const [at, reference] of this.#references.entries()) {
      this.references[at]!.push(readKey(reference, this.#text, this.#fieldStarts, this.#fieldEnds));
    }
    this.ends.push(this.#place);
    return this.#place;
  }

  /** The primary key of the last row. */
  lastKey(): KeyValue {
    return readKey(this.#primaryKey, this.#text, this.#fieldStarts, this.#fieldEnds);
  }

  /** Adds a row and returns the length of the text; a number or UUID in `row` gets its usual form. Throws `IncompatibleFile`. */
  add(row: PlainRow): number {
    for (const [index, { key, column, codec, zone, isNormal }] of this.#columns.entries()) {
      const value = row[key];
      if (value === null) {
        if (this.addNull(index) < 0) this.#refuse(row, column, "it is required");
        continue;
      }
      let found = value === undefined ? fault.type : value === invalidText ? fault.invalidUtf8 : 0;
      if (found === 0) {
        const length = this.#fill(row, column, value!, zone);
        found = this.addField(index, this.#field, 0, length);
      }
      if (found < 0) this.#refuse(row, column, `it ${codec.faultOf(found).reason}`);
      if (!isNormal) row[key] = this.#text.toString("latin1", this.#fieldStarts[index]!, this.#fieldEnds[index]!);
    }
    return this.endRow();
  }

  #end(index: number, next: number): number {
    this.#fieldStarts[index] = this.#place;
    this.#fieldEnds[index] = next;
    this.#text[next] = tab;
    this.#place = next + 1;
    return next;
  }

  /** Makes `#field` a value as a file has it; returns its length in bytes. */
  #fill(row: PlainRow, column: Column, value: NonNullable<PlainRow[string]>, zone: string): number {
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

  #reserve(bytes: number): void {
    const needed = this.#place + 2 * bytes + maxGrowth + 1;
    if (needed <= this.#text.length) return;
    const longer = Buffer.allocUnsafe(2 * needed);
    this.#text.copy(longer, 0, 0, this.#place);
    this.#text = longer;
  }

  #refuse(row: PlainRow, { name }: Column, reason: string): never {
    const key = keyName(this.#table, row);
    throw new IncompatibleFile(`the row with ${key} has a ${name} that the table cannot store: ${reason}`);
  }
}

/** A row in messages: `id 7`, `year 2021, code A`. */
export function keyName(table: Table, row: PlainRow): string {
  return table.primaryKey
    .map((name) => {
      const value = row[plainKey(table.columns.indexOf(columnNamed(table, name)))];
      return `${name} ${value === undefined || value === null ? "of no value" : String(value).slice(0, 64)}`;
    })
    .join(", ");
}
