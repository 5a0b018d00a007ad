/** The file ends early or is not a valid Avro object container file. */
export class DamagedFile extends Error {
  override name = "DamagedFile";
}

/** The file is a valid Avro file as far as it was read, but the table cannot be restored from it. */
export class IncompatibleFile extends Error {
  override name = "IncompatibleFile";
}

/** Reads a given number of bytes at a time from chunks. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Whether there are no bytes left. */
  async atEnd(): Promise<boolean> {
    return !(await this.#hold(1));
  }

  /** The next `length` bytes. */
  async take(length: number): Promise<Buffer> {
    if (!(await this.#hold(length))) throw new DamagedFile("The file ends early.");
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  /** The next Avro `long`; must be a safe integer. */
  async takeLong(): Promise<number> {
    let value = 0;
    for (let factor = 1; factor < 2 ** 56; factor *= 128) {
      const byte = (await this.take(1))[0]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new DamagedFile("A number in the file is too large.");
  }

  async #hold(length: number): Promise<boolean> {
    if (this.#held.length >= length) return true;
    const parts: Buffer[] = [this.#held];
    for (let have = this.#held.length; have < length; ) {
      const next = await this.#chunks.next();
      if (next.done) {
        this.#held = Buffer.concat(parts);
        return false;
      }
      parts.push(next.value);
      have += next.value.length;
    }
    this.#held = Buffer.concat(parts);
    return true;
  }
}
