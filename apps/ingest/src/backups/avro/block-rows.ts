import type { KeyValue } from "../../csv/row-keys.ts";
import { keyOrder } from "../../store/key-order.ts";
import { type PlainRow, plainKey } from "../../store/plain-row.ts";
import { columnNamed, type Table } from "../../tables/table.ts";
import { avroSchema } from "./avro-schema.ts";
import { DamagedFile, IncompatibleFile } from "./byte-source.ts";
import type { Block } from "./container-reader.ts";
import { ownRowReader } from "./own-fields.ts";
import { type RowDecoder, rowDecoder } from "./resolve-schema.ts";
import { keyName, RowWriter } from "./row-writer.ts";

/** The rows of a block, as text for `LOAD DATA` and as plain rows. */
export interface BlockRows {
  count: number;
  /** The values of the primary key of the last row. */
  last: PlainRow | undefined;
  /** For each foreign key of the table its values in the rows. */
  references: readonly (readonly KeyValue[])[];
  /** The text of the rows with these indexes, in ascending order; of all rows by default. */
  text(numbers?: readonly number[]): Buffer;
  /** The rows; they may be decoded again for it. */
  rows(): PlainRow[];
}

/**
 * Decodes the blocks of a file with this schema one after the other and validates each row by the rules of the table. Keys must ascend, as
 * in every backup, unless `anyOrder`. Throws `DamagedFile`, and `IncompatibleFile` for a row that the table cannot store.
 */
export function blockDecoder(table: Table, schema: string, anyOrder = false): (block: Block) => BlockRows {
  const decode = rowDecoder(table, schema);
  const writer = new RowWriter(table);
  const copy = schema === JSON.stringify(avroSchema(table)) ? ownBlocks(table, writer, decode) : undefined;
  let last: PlainRow | undefined;
  return (block) => {
    const after = anyOrder ? undefined : last;
    const found = copy?.(block, after, anyOrder) ?? decodedBlock(table, writer, decode, block, { after, anyOrder });
    last = found.last ?? last;
    return found;
  };
}

/** The rows of a block, all decoded. `after`: the row before them. */
function decodedBlock(
  table: Table,
  writer: RowWriter,
  decode: RowDecoder,
  block: Block,
  { after, anyOrder }: { after?: PlainRow | undefined; anyOrder: boolean },
): BlockRows {
  const compare = keyOrder(table);
  const rows: PlainRow[] = [];
  let last = after;
  writer.start(block.data.length);
  let at = 0;
  while (rows.length < block.rows) {
    const { value, offset } = decodeRow(decode, block.data, at);
    if (value === undefined || offset < 0) throw new DamagedFile("A block ends within a row.");
    at = offset;
    writer.add(value);
    if (!anyOrder && last !== undefined && compare(last, value) >= 0) {
      throw new IncompatibleFile(`the row with ${keyName(table, value)} is out of order: keys must ascend`);
    }
    last = value;
    rows.push(value);
  }
  if (at !== block.data.length) throw new DamagedFile("A block has more bytes than its rows.");
  return writtenBlock(writer, rows.at(-1), () => rows);
}

/** What `writer` has written of a block. */
function writtenBlock(writer: RowWriter, last: PlainRow | undefined, rows: () => PlainRow[]): BlockRows {
  const text = writer.text();
  const { ends, references } = writer;
  return {
    count: ends.length,
    last,
    references,
    text(numbers) {
      if (numbers === undefined || numbers.length === ends.length) return text;
      return Buffer.concat(numbers.map((number) => text.subarray(ends[number - 1] ?? 0, ends[number])));
    },
    rows,
  };
}

/**
 * Writes the blocks of a file with the schema of the table itself without decoding their rows, which takes a third of the time. The
 * result returns nothing for a block with a fault, which `decodedBlock` names, and for keys that it does not compare: only one whole
 * number is compared here.
 */
function ownBlocks(
  table: Table,
  writer: RowWriter,
  decode: RowDecoder,
): ((block: Block, after: PlainRow | undefined, anyOrder: boolean) => BlockRows | undefined) | undefined {
  const [only, ...others] = table.primaryKey.map((name) => columnNamed(table, name));
  if (only?.type !== "integer" || others.length > 0) return undefined;
  const key = plainKey(table.columns.indexOf(only));
  const read = ownRowReader(table, writer);
  return (block, after, anyOrder) => {
    let last = after === undefined ? Number.NEGATIVE_INFINITY : Number(after[key]);
    let at = 0;
    writer.start(block.data.length);
    for (let row = 0; row < block.rows; row++) {
      at = read(block.data, at);
      if (at < 0) return undefined;
      writer.endRow();
      const id = writer.lastKey();
      if (typeof id !== "number" || (!anyOrder && id <= last)) return undefined;
      last = id;
    }
    if (at !== block.data.length) return undefined;
    const decoded = () => decodedBlock(table, new RowWriter(table), decode, block, { anyOrder: true }).rows();
    return writtenBlock(writer, block.rows === 0 ? undefined : { [key]: last }, decoded);
  };
}

function decodeRow(decode: RowDecoder, data: Buffer, at: number): ReturnType<RowDecoder> {
  try {
    return decode(data, at);
  } catch (error) {
    throw new DamagedFile("A block contains an invalid row.", { cause: error });
  }
}
