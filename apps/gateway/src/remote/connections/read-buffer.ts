/** How much of a large response is read at once, in bytes. */
const size = 128 * 1024;
const maxSpare = 32;
const spare: Buffer[] = [];

/**
 * A buffer that a large response is read into and that is passed to the client's socket without a copy. It is reused when all holders have
 * released it; one that is not released, because its bytes may still be in transit, is left to the garbage collector.
 */
export class ReadBuffer {
  readonly bytes = spare.pop() ?? Buffer.allocUnsafeSlow(size);
  #holders = 1;

  retain(): void {
    this.#holders++;
  }

  /** The callback of a write of its bytes. After a failed write the bytes may still be read, so it is not released. */
  readonly written = (error?: Error | null): void => {
    if (!error) this.release();
  };

  release(): void {
    if (--this.#holders === 0 && spare.length < maxSpare) spare.push(this.bytes);
  }
}
