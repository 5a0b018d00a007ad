import { LRUCache } from "lru-cache";
import type { Coding } from "./codings.ts";

const MiB = 1024 * 1024;

interface CompressedBody {
  plain: Buffer;
  compressed: Buffer;
}

/** Recently compressed bodies, by URL and coding. One is reused only for exactly the same bytes, regardless of tags. */
const bodies = new LRUCache<string, CompressedBody>({
  maxSize: 32 * MiB,
  maxEntrySize: 8 * MiB,
  sizeCalculation: ({ plain, compressed }) => plain.length + compressed.length,
});

/** The cached compressed form of a body; undefined when the cached body had other bytes. */
export function findCompressed(url: string, { name }: Coding, body: Uint8Array): Buffer | undefined {
  const found = bodies.get(`${name} ${url}`);
  return found?.plain.equals(body) ? found.compressed : undefined;
}

/** Caches a copy of the body, because the caller may reuse its buffer. */
export function keepCompressed(url: string, { name }: Coding, body: Uint8Array, compressed: Buffer): void {
  bodies.set(`${name} ${url}`, { plain: Buffer.from(body), compressed });
}
