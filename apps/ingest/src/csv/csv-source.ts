import type { Hash } from "node:crypto";
import type { CsvReader } from "./csv-reader.ts";
import type { RecordSource, SourcePosition } from "./record.ts";

/** The part of a file that is still to be read. */
export interface FileRest {
  /** Bytes that have been read already. */
  first: Buffer;
  /** The bytes that follow them. */
  file: AsyncIterator<Buffer, unknown>;
  /** The hash of the bytes before them. */
  hash: Hash;
}

/** A CSV file as it arrives. */
export class CsvSource implements RecordSource {
  readonly records: CsvReader;
  readonly #rest: FileRest;
  #bytes: number;

  /** `bytes`: how many bytes of the file are before the rest. */
  constructor(records: CsvReader, rest: FileRest, bytes: number) {
    this.records = records;
    this.#rest = rest;
    this.#bytes = bytes;
    records.push(rest.first);
  }

  async fill(): Promise<void> {
    this.#count();
    const next = await this.#rest.file.next();
    if (next.done) this.records.end();
    else this.records.push(next.value);
  }

  position(): SourcePosition {
    this.#count();
    return { bytes: this.#bytes, lines: this.records.line - 1, digest: this.#rest.hash.copy().digest("hex") };
  }

  /** Adds the bytes that were consumed to the digest. */
  #count(): void {
    const read = this.records.takeConsumed();
    this.#rest.hash.update(read);
    this.#bytes += read.length;
  }
}
