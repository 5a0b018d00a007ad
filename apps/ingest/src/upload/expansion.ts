import { Problem } from "@quintet/http";

/** The max ratio of a file to its compressed form; a CSV file has 5 to 50. */
export const maxRatio = 500;
/** Below this size any ratio is accepted. */
const freeBytes = 16 * 1024 * 1024;

/**
 * How much a compressed file has grown so far, over all its layers of compression: a bomb is refused while it is read. Compressed bytes
 * are those of the outermost layer.
 */
export class Expansion {
  #compressed = 0;
  #isClaimed = false;

  /** The counter of compressed bytes for the outermost layer; for any other layer one that counts nothing. */
  claim(): (bytes: number) => void {
    if (this.#isClaimed) return () => {};
    this.#isClaimed = true;
    return (bytes) => {
      this.#compressed += bytes;
    };
  }

  /** Throws a 413 when a layer has grown too large; `bytes`: its size so far. */
  check(bytes: number): void {
    if (bytes <= freeBytes + this.#compressed * maxRatio) return;
    throw new Problem(
      "payload-too-large",
      `The file expands to more than ${maxRatio} times its compressed size. Send it in parts, or without compression.`,
    );
  }
}
