import { randomBytes } from "node:crypto";
import type { PlainRow } from "../store/row-range.ts";
import type { Table } from "../tables.ts";
import { avroSchema, avroType } from "./avro-schema.ts";
import { encodeLong, magic, metadataType, syncLength } from "./container-format.ts";

const blockBytes = 256 * 1024;
const maxRowBytes = 4096;

/**
 * Makes an Avro object container file (codec `null`) block by block. avsc encodes the rows; its own file encoder is a stream of
 * objects and takes twice the time.
 */
export class ContainerWriter {
  rows = 0;
  readonly #type;
  readonly #sync = randomBytes(syncLength);
  readonly #schema: string;
  #block = Buffer.allocUnsafe(blockBytes + maxRowBytes);
  #length = 0;
  #count = 0;

  constructor(table: Table) {
    this.#type = avroType(table);
    this.#schema = JSON.stringify(avroSchema(table));
  }

  /** The bytes with which the file begins. */
  header(): Buffer {
    const metadata = { "avro.schema": Buffer.from(this.#schema), "avro.codec": Buffer.from("null") };
    return Buffer.concat([magic, metadataType.toBuffer(metadata), this.#sync]);
  }

  /** Adds a row; true when the block is full and `takeBlock` is due. */
  add(row: PlainRow): boolean {
    const end = this.#type.encode(row, this.#block, this.#length);
    if (end < 0) throw new Error("A row is larger than the maximum size of a row.");
    this.#length = end;
    this.#count++;
    this.rows++;
    return end >= blockBytes;
  }

  /** The rows added since the last block, as the next bytes of the file; none when there are no rows. */
  takeBlock(): Buffer[] {
    if (this.#count === 0) return [];
    const block = [
      Buffer.concat([encodeLong(this.#count), encodeLong(this.#length)]),
      this.#block.subarray(0, this.#length),
      this.#sync,
    ];
    // The block is on its way to the file; the next one needs memory of its own.
    this.#block = Buffer.allocUnsafe(blockBytes + maxRowBytes);
    this.#length = 0;
    this.#count = 0;
    return block;
  }
}
