import { randomBytes } from "node:crypto";
import type { Table } from "../../tables/table.ts";
import { avroSchema, type RowEncoder } from "./avro-schema.ts";
import { encodeLong, magic, metadataType, syncLength } from "./container-format.ts";

const blockBytes = 256 * 1024;
const usualRowBytes = 4096;
/** Room before the rows of a block for their number and size, two numbers of at most seven bytes. */
const headBytes = 14;

/**
 * Writes an Avro object container file (codec `null`) block by block, with rows that `encode` writes. The file encoder of avsc is an
 * object stream and takes twice as long.
 */
export class ContainerWriter<Row> {
  rows = 0;
  readonly #sync = randomBytes(syncLength);
  readonly #schema: string;
  readonly #encode: RowEncoder<Row>;
  #block = newBlock();
  /** The position after the last row. */
  #end = headBytes;
  #count = 0;

  constructor(table: Table, encode: RowEncoder<Row>) {
    this.#encode = encode;
    this.#schema = JSON.stringify(avroSchema(table));
  }

  /** The header of the file. */
  header(): Buffer {
    const metadata = { "avro.schema": Buffer.from(this.#schema), "avro.codec": Buffer.from("null") };
    return Buffer.concat([magic, metadataType.toBuffer(metadata), this.#sync]);
  }

  /** Adds a row. True when the block is full and `takeBlock` must be called. */
  add(row: Row): boolean {
    let end = this.#encode(row, this.#block, this.#end);
    if (end < 0) {
      // A long row: the block grows by what was missing.
      const longer = Buffer.allocUnsafe(this.#block.length - end + syncLength);
      this.#block.copy(longer, 0, 0, this.#end);
      this.#block = longer;
      end = this.#encode(row, this.#block, this.#end);
    }
    this.#end = end;
    this.#count++;
    this.rows++;
    return end >= blockBytes;
  }

  /** The rows added since the last block as the next bytes of the file, empty when there are no rows. They stay as they are. */
  takeBlock(): Buffer {
    if (this.#count === 0) return Buffer.alloc(0);
    const head = Buffer.concat([encodeLong(this.#count), encodeLong(this.#end - headBytes)]);
    const start = headBytes - head.length;
    head.copy(this.#block, start);
    const end = this.#end + syncLength;
    const block = end <= this.#block.length ? this.#block : Buffer.concat([this.#block], end);
    this.#sync.copy(block, this.#end);
    // The block is still being written to the file, so the next one needs its own memory.
    this.#block = newBlock();
    this.#end = headBytes;
    this.#count = 0;
    return block.subarray(start, end);
  }
}

const newBlock = () => Buffer.allocUnsafe(headBytes + blockBytes + usualRowBytes + syncLength);
