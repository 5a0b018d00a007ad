import { LRUCache } from "lru-cache";
import type { Coding } from "./codings.ts";

const MiB = 1024 * 1024;

interface PackedBody {
  plain: Buffer;
  packed: Buffer;
}

/** The last bodies that were packed, by address and coding. One is used again only for the same bytes, whatever its tag says. */
const bodies = new LRUCache<string, PackedBody>({
  maxSize: 32 * MiB,
  maxEntrySize: 8 * MiB,
  sizeCalculation: ({ plain, packed }) => plain.length + packed.length,
});

/** The packed form of a body that was kept; nothing when the address answered other bytes then. */
export function findPacked(url: string, { name }: Coding, body: Uint8Array): Buffer | undefined {
  const found = bodies.get(`${name} ${url}`);
  return found?.plain.equals(body) ? found.packed : undefined;
}

/** Keeps a copy of the body, which whoever made it may use again. */
export function keepPacked(url: string, { name }: Coding, body: Uint8Array, packed: Buffer): void {
  bodies.set(`${name} ${url}`, { plain: Buffer.from(body), packed });
}
