import type { Hash } from "node:crypto";
import type { CsvReader } from "./csv-reader.ts";
import { countLineEnds, Transcoder } from "./encoding.ts";
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

const lineFeed = 0x0a;
/** A record of more bytes is a long one. */
const longBytes = 64 * 1024;

/** A CSV file as it arrives, in any encoding. Its positions count the bytes as sent. */
export class CsvSource implements RecordSource {
  readonly records: CsvReader;
  readonly #rest: FileRest;
  readonly #transcoder: Transcoder | undefined;
  #bytes: number;
  /** Bytes that were read with the end of a record, and follow it. */
  #next: Buffer | undefined;

  /** `bytes`: how many bytes of the file are before the rest. */
  constructor(records: CsvReader, rest: FileRest, { bytes, encoding }: { bytes: number; encoding: string }) {
    this.records = records;
    this.#rest = rest;
    this.#bytes = bytes;
    this.#transcoder = encoding === "utf-8" ? undefined : new Transcoder(encoding);
    records.push(this.#transcoder?.push(rest.first) ?? rest.first);
  }

  async fill(): Promise<void> {
    this.#count();
    let bytes = this.#next;
    this.#next = undefined;
    if (bytes === undefined) {
      bytes = await this.#nextBytes();
      if (bytes && this.#transcoder) bytes = this.#transcoder.push(bytes);
      if (bytes) bytes = this.#endOfRecord(bytes);
    }
    if (bytes) {
      this.records.push(bytes);
      return;
    }
    if (this.#transcoder) this.records.push(this.#transcoder.push(Buffer.alloc(0), true));
    this.records.end();
  }

  /**
   * The bytes up to the first line end, when a record is pending: only these are copied to make a whole record, and those after them
   * are read where they are.
   */
  #endOfRecord(bytes: Buffer): Buffer {
    const pending = this.records.pendingBytes;
    if (pending === 0 || pending > longBytes) return bytes;
    const end = bytes.subarray(0, longBytes).indexOf(lineFeed) + 1;
    if (end === 0 || end === bytes.length) return bytes;
    this.#next = bytes.subarray(end);
    return bytes.subarray(0, end);
  }

  /** The next bytes; undefined at the end. A long record is read again with each of them, so it grows by an eighth at least. */
  async #nextBytes(): Promise<Buffer | undefined> {
    const pending = this.records.pendingBytes;
    const wanted = pending > longBytes ? pending / 8 : 1;
    const chunks: Buffer[] = [];
    for (let bytes = 0; bytes < wanted; ) {
      const next = await this.#rest.file.next();
      if (next.done) break;
      chunks.push(next.value);
      bytes += next.value.length;
    }
    return chunks.length > 1 ? Buffer.concat(chunks) : chunks[0];
  }

  position(): SourcePosition {
    this.#count();
    return { bytes: this.#bytes, lines: this.records.line - 1, digest: this.#rest.hash.copy().digest("hex") };
  }

  /** Adds the bytes that were consumed to the digest. */
  #count(): void {
    let read = this.records.takeConsumed();
    // A record ends with a line end, which has the same number in the text and in the bytes as sent.
    if (this.#transcoder) {
      read = this.records.hasEnded ? this.#transcoder.takeAll() : this.#transcoder.take(countLineEnds(read));
    }
    this.#rest.hash.update(read);
    this.#bytes += read.length;
  }
}
