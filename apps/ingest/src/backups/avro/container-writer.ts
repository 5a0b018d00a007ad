import { randomBytes } from "node:crypto";
import type { Table } from "../../tables/table.ts";
import { avroSchema, type RowEncoder } from "./avro-schema.ts";
import { encodeLong, magic, metadataType, syncLength } from "./container-format.ts";

const blockBytes = 256 * 1024;
const usualRowBytes = 4096;

/**
 * Writes an Avro object container file (codec `null`) block by block, with rows that `encode` writes. The file encoder of avsc is an
 * object stream and takes twice as long.
 */
export class ContainerWriter<Row> {
  rows = 0;
  readonly #sync = randomBytes(syncLength);
  readonly #schema: string;
  readonly #encode: RowEncoder<Row>;
  #block = Buffer.allocUnsafe(blockBytes + usualRowBytes);
  #length = 0;
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
    let end = this.#encode(row, this.#block, this.#length);
    if (end < 0) {
      // A long row: the block grows by what was missing.
      const longer = Buffer.allocUnsafe(this.#block.length - end);
      this.#block.copy(longer, 0, 0, this.#length);
      this.#block = longer;
      end = this.#encode(row, this.#block, this.#length);
    }
    this.#length = end;
    this.#count++;
    this.rows++;
    return end >= blockBytes;
  }

  /** The rows added since the last block as the next bytes of the file; empty when there are no rows. */
  takeBlock(): Buffer[] {
    if (this.#count === 0) return [];
    const block = [
      Buffer.concat([encodeLong(this.#count), encodeLong(this.#length)]),
      this.#block.subarray(0, this.#length),
      this.#sync,
    ];
    // The block is still being written to the file, so the next one needs its own memory.
    this.#block = Buffer.allocUnsafe(blockBytes + usualRowBytes);
    this.#length = 0;
    this.#count = 0;
    return block;
  }
}
