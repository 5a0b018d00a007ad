import { buffer } from "node:stream/consumers";
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib";
import type { Problem } from "@quintet/http";
import { describe, expect, it } from "vitest";
import { type Coding, decompressed } from "./decompress.ts";
import { Expansion } from "./expansion.ts";

const text = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `${i},Job ${(i * 7919) % 10_007}\n`).join(""));
const compress: Record<Coding, (bytes: Buffer) => Buffer> = {
  gzip: (bytes) => gzipSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
  br: (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
};
const codings = Object.keys(compress) as Coding[];

/** What a compressed file is, when it arrives in chunks of `step` bytes. */
function read(bytes: Buffer, coding: Coding, step: number): Promise<Buffer> {
  const chunks = function* () {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
  };
  const iterator = chunks();
  return buffer(decompressed({ next: async () => iterator.next() }, coding, new Expansion()));
}
const problemOf = (reading: Promise<Buffer>) =>
  reading.then(
    () => undefined,
    (error: Problem) => `${error.status} ${error.message}`,
  );

describe.each(codings)("a file compressed by %s", (coding) => {
  const whole = compress[coding](text);

  it("is read from chunks of any size", async () => {
    for (const step of [777, whole.length]) expect((await read(whole, coding, step)).equals(text)).toBe(true);
    const short = text.subarray(0, 2000);
    expect((await read(compress[coding](short), coding, 1)).equals(short)).toBe(true);
  });

  it("is a 400 when it is cut or damaged, or is something else, or is followed by other bytes", async () => {
    for (const step of [500, whole.length + 100]) {
      for (const cut of [1, 2, 9, 1000]) {
        expect(await problemOf(read(whole.subarray(0, -cut), coding, step))).toMatch(/^400 .* is (incomplete|damaged)/);
      }
      const changed = Buffer.from(whole);
      changed[whole.length >> 1]! ^= 0xff;
      changed[(whole.length >> 1) + 1]! ^= 0xff;
      expect(await problemOf(read(changed, coding, step))).toMatch(/^400 .* is (incomplete|damaged)/);
      expect(await problemOf(read(Buffer.from("1,a\n2,b\n"), coding, step))).toMatch(/^400/);
      expect(await problemOf(read(Buffer.concat([whole, Buffer.from("1,a\n")]), coding, step))).toMatch(/^400/);
    }
  });

  it("is a 413 when it expands too much", async () => {
    const bomb = compress[coding](Buffer.alloc(64 * 1024 * 1024));
    expect(await problemOf(read(bomb, coding, 1000))).toMatch(/^413 .*500 times/);
    const two = compress[coding](bomb);
    const expansion = new Expansion();
    const outer = decompressed({ next: once(two) }, coding, expansion);
    expect(await problemOf(buffer(decompressed(outer, coding, expansion)))).toMatch(/^413/);
  });

  it("has an error of its source as it is", async () => {
    const failing = async () => {
      throw new RangeError("gone");
    };
    await expect(buffer(decompressed({ next: failing }, coding, new Expansion()))).rejects.toThrow("gone");
    const first = once(whole.subarray(0, 5000));
    let reads = 0;
    const later = { next: async () => (reads++ === 0 ? first() : failing()) };
    await expect(buffer(decompressed(later, coding, new Expansion()))).rejects.toThrow("gone");
  });
});

it("reads all members of a gzip file and all frames of a Zstandard file", async () => {
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);
  const short = text.subarray(0, 2000);
  const gzip = compress.gzip(short);
  const frame = compress.zstd(short);
  const twice = Buffer.concat([short, short]);
  for (const step of [1, frame.length, frame.length + 1, frame.length * 3]) {
    expect((await read(Buffer.concat([gzip, gzip]), "gzip", step)).equals(twice)).toBe(true);
    expect((await read(Buffer.concat([frame, frame]), "zstd", step)).equals(twice)).toBe(true);
    expect((await read(Buffer.concat([skippable, frame, skippable, frame]), "zstd", step)).equals(twice)).toBe(true);
  }
});

it("refuses a Zstandard window that it would have to allocate", async () => {
  const params = { [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_contentSizeFlag]: 0 };
  const { createZstdCompress } = await import("node:zlib");
  const stream = createZstdCompress({ params });
  stream.write(text);
  stream.end(text);
  expect(await problemOf(read(await buffer(stream), "zstd", 5000))).toMatch(/^400 .*window/);
});

function once(bytes: Buffer): () => Promise<IteratorResult<Buffer>> {
  let held: Buffer | undefined = bytes;
  return async () => {
    const value = held;
    held = undefined;
    return value ? { done: false, value } : { done: true, value: undefined };
  };
}
