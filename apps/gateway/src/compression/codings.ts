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

type Packed = (error: Error | null, packed: Buffer) => void;

/** A way to pack an answer, by the name that HTTP has for it. */
export interface Coding {
  name: "zstd" | "br" | "gzip";
  /** Packs a whole body at once, on this thread. */
  packNow(body: Uint8Array): Buffer;
  /** Packs a whole body on another thread. */
  pack(body: Uint8Array, packed: Packed): void;
  /** Packs what comes. */
  open(): Transform & { flush(): void };
}

// Settings with which packing is about as fast as the network is: higher ones save some percent for several times the work.
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

/** The codings that are offered, the fastest first. */
export const codings: readonly Coding[] = [
  {
    name: "zstd", // RFC 8878
    packNow: (body) => zstdCompressSync(body, zstd),
    pack: (body, packed) => zstdCompress(body, zstd, packed),
    open: () => createZstdCompress(zstd),
  },
  {
    name: "br", // RFC 7932
    packNow: (body) => brotliCompressSync(body, brotli),
    pack: (body, packed) => brotliCompress(body, brotli, packed),
    open: () => createBrotliCompress(brotli),
  },
  {
    name: "gzip", // RFC 1952
    packNow: (body) => gzipSync(body, deflate),
    pack: (body, packed) => gzip(body, deflate, packed),
    open: () => createGzip(deflate),
  },
];

const element = /^([\w*-]+)(?:\s*;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i;
const chosen = new Map<string, Coding | undefined>();
const mostChosen = 200;

/** The coding that an `Accept-Encoding` header asks for most (RFC 9110 section 12.5.3); nothing when the body should go as it is. */
export function codingFor(accepted: string | undefined): Coding | undefined {
  if (accepted === undefined || accepted === "") return undefined;
  const known = chosen.get(accepted);
  if (known !== undefined || chosen.has(accepted)) return known;
  const coding = choose(accepted);
  if (chosen.size >= mostChosen) chosen.clear();
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
  let [best, most] = [undefined as Coding | undefined, 0];
  for (const coding of codings) {
    const weight = weightOf(coding.name);
    if (weight > most) [best, most] = [coding, weight];
  }
  return (weights.get("identity") ?? 0) > most ? undefined : best;
}
