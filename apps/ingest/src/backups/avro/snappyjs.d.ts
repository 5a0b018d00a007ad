declare module "snappyjs" {
  /** Throws when the result is longer than `maxLength` bytes. */
  export function uncompress(compressed: Buffer, maxLength?: number): Buffer;
  export function compress(plain: Buffer): Buffer;
}
