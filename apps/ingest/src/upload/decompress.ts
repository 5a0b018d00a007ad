import type { Transform } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createZstdDecompress } from "node:zlib";
import { Problem } from "@quintet/http";
import type { FileBytes } from "../loads/file-bytes.ts";
import type { Expansion } from "./expansion.ts";

/** The codings of compressed files, named as in Content-Encoding (RFC 9110, RFC 8878; `br` is Brotli, RFC 7932). */
export const codings = ["gzip", "zstd", "br"] as const;
export type Coding = (typeof codings)[number];

const names: Record<Coding, string> = { gzip: "gzip", zstd: "Zstandard", br: "Brotli" };
/** 32 MiB, the window of `zstd -20`; the decoder allocates it. RFC 9659 allows Content-Encoding 8 MiB. */
const zstdWindowLog = 25;
const chunkSize = 64 * 1024;

const decoders: Record<Coding, () => Transform & { bytesWritten: number }> = {
  gzip: () => createGunzip({ chunkSize }),
  zstd: () => createZstdDecompress({ chunkSize, params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLog } }),
  br: () => createBrotliDecompress({ chunkSize }),
};

/**
 * The bytes of a compressed file, decompressed as they arrive, in constant memory. Throws a 400 when the file is damaged, is incomplete
 * or has other bytes after its end, a 413 when it expands too much.
 *
 * Zstandard files may have several frames. Node's decoder ends after the first and drops the rest without an error, so each frame gets a
 * decoder of its own.
 */
export async function* decompressed(file: FileBytes, coding: Coding, expansion: Expansion): AsyncGenerator<Buffer> {
  const count = expansion.claim();
  let bytes = 0;
  let rest = await nextChunk(file);
  while (rest !== undefined) {
    const decoder = decoders[coding]();
    const feed = feeding(decoder, rest, file, count);
    try {
      for await (const chunk of decoder as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        expansion.check(bytes);
        yield chunk;
      }
    } catch (error) {
      throw error instanceof SourceError ? error.cause : isDecoderError(error) ? damaged(coding, error) : error;
    } finally {
      decoder.destroy();
    }
    rest = await feed;
    if (rest !== undefined && coding !== "zstd") throw damaged(coding, new Error("bytes after the end"));
  }
}

/** An error of the file that is decompressed, and not of the decoder. */
class SourceError extends Error {}

/** Writes a file into a decoder until one of them ends. The bytes that the decoder did not take, if it ended first. */
async function feeding(
  decoder: Transform & { bytesWritten: number },
  first: Buffer,
  file: FileBytes,
  count: (bytes: number) => void,
): Promise<Buffer | undefined> {
  let proceed = () => {};
  decoder.on("close", () => proceed());
  for (let chunk: Buffer | undefined = first; chunk !== undefined; ) {
    const { promise, resolve } = Promise.withResolvers<void>();
    proceed = resolve;
    const before = decoder.bytesWritten;
    count(chunk.length);
    decoder.write(chunk, () => resolve());
    await promise;
    const taken = decoder.bytesWritten - before;
    if (taken < chunk.length) return chunk.subarray(taken);
    try {
      chunk = await nextChunk(file);
    } catch (error) {
      decoder.destroy(new SourceError("", { cause: error }));
      return undefined;
    }
    if (decoder.destroyed) return undefined;
  }
  decoder.end();
  return undefined;
}

/** The next bytes of a file; undefined at its end. */
async function nextChunk(file: FileBytes): Promise<Buffer | undefined> {
  for (;;) {
    const next = await file.next();
    if (next.done) return undefined;
    if (next.value.length > 0) return next.value;
  }
}

/** Errors of zlib and its kin have a code and the number of their libraries. */
function isDecoderError(error: unknown): boolean {
  return error instanceof Error && "code" in error && "errno" in error && !("syscall" in error);
}

function damaged(coding: Coding, cause: unknown): Problem {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const why =
    code === "Z_BUF_ERROR"
      ? "is incomplete"
      : code === "ZSTD_error_frameParameter_windowTooLarge"
        ? "needs a window of more than 32 MiB: compress it without --long and at most at level 20"
        : "is damaged";
  return new Problem("bad-request", `The file is not valid ${names[coding]}: it ${why}.`, { cause });
}
