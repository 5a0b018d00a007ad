/** As much of a large answer is read at once. */
const size = 128 * 1024;
const mostSpare = 32;
const spare: Buffer[] = [];

/**
 * A buffer that a large answer is read into, and that goes on to the client's socket as it is. It is used again when
 * all who hold it have let it go; one that is not let go, as what it holds may still be under way, is left to the garbage collector.
 */
export class ReadBuffer {
  readonly bytes = spare.pop() ?? Buffer.allocUnsafeSlow(size);
  #holders = 1;

  hold(): void {
    this.#holders++;
  }

  /** A callback of a write of what it holds. After one that failed nobody knows who still reads the bytes. */
  readonly written = (error?: Error | null): void => {
    if (!error) this.letGo();
  };

  letGo(): void {
    if (--this.#holders === 0 && spare.length < mostSpare) spare.push(this.bytes);
  }
}
