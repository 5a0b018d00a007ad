/** The file ended, or holds something else than an Avro object container file does. */
export class DamagedFile extends Error {
  override name = "DamagedFile";
}

/** The file is a sound Avro file for all that is known, but none that the table can be restored from. */
export class IncompatibleFile extends Error {
  override name = "UnfitFile";
}

/** Takes so many bytes at a time out of chunks. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Whether there is nothing left. */
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

  /** The next Avro `long`, which must be a safe whole number. */
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
