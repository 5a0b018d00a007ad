import type { Transform } from "node:stream";
import {
  brotliCompress,
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzip,
  gzipSync,
  zstdCompress,
  zstdCompressSync,
} from "node:zlib";

type CompressCallback = (error: Error | null, compressed: Buffer) => void;

/** A content coding, by its name in HTTP. */
export interface Coding {
  name: "zstd" | "br" | "gzip";
  /** Compresses a whole body synchronously. */
  compressSync(body: Uint8Array): Buffer;
  /** Compresses a whole body on another thread. */
  compress(body: Uint8Array, done: CompressCallback): void;
  /** Creates a stream that compresses. */
  createStream(): Transform & { flush(): void };
}

// At these levels compression is about as fast as the network: higher ones save a few percent for several times the work.
// Windows of half a megabyte bound the memory of each stream.
const zstd = {
  params: {
    [constants.ZSTD_c_compressionLevel]: 3,
    [constants.ZSTD_c_windowLog]: 19,
  },
};
const brotli = {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 4,
    [constants.BROTLI_PARAM_LGWIN]: 19,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
  },
};
const deflate = { level: 5 };

/** The supported codings, the fastest first. */
export const codings: readonly Coding[] = [
  {
    name: "zstd", // RFC 8878
    compressSync: (body) => zstdCompressSync(body, zstd),
    compress: (body, done) => zstdCompress(body, zstd, done),
    createStream: () => createZstdCompress(zstd),
  },
  {
    name: "br", // RFC 7932
    compressSync: (body) => brotliCompressSync(body, brotli),
    compress: (body, done) => brotliCompress(body, brotli, done),
    createStream: () => createBrotliCompress(brotli),
  },
  {
    name: "gzip", // RFC 1952
    compressSync: (body) => gzipSync(body, deflate),
    compress: (body, done) => gzip(body, deflate, done),
    createStream: () => createGzip(deflate),
  },
];

const element = /^([\w*-]+)(?:\s*;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i;
const chosen = new Map<string, Coding | undefined>();
const maxChosen = 200;

/** The coding that an `Accept-Encoding` header prefers (RFC 9110 section 12.5.3); undefined for an uncompressed body. */
export function codingFor(accepted: string | undefined): Coding | undefined {
  if (accepted === undefined || accepted === "") return undefined;
  const known = chosen.get(accepted);
  if (known !== undefined || chosen.has(accepted)) return known;
  const coding = choose(accepted);
  if (chosen.size >= maxChosen) chosen.clear();
  if (accepted.length <= 100) chosen.set(accepted, coding);
  return coding;
}

function choose(accepted: string): Coding | undefined {
  const weights = new Map<string, number>();
  for (const part of accepted.split(",")) {
    const [, name, weight = "1"] = element.exec(part.trim()) ?? [];
    if (name !== undefined) weights.set(name.toLowerCase().replace(/^x-/, ""), Number(weight));
  }
  const weightOf = (name: string) => weights.get(name) ?? weights.get("*") ?? 0;
  let [best, bestWeight] = [undefined as Coding | undefined, 0];
  for (const coding of codings) {
    const weight = weightOf(coding.name);
    if (weight > bestWeight) [best, bestWeight] = [coding, weight];
  }
  return (weights.get("identity") ?? 0) > bestWeight ? undefined : best;
}
