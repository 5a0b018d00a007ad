/** How many ids one block holds. */
export const blockSize = 4096;
const bitmapBytes = blockSize / 8;

/** A set of ids: for each block that has any of them, one bit for each of its ids. */
export type IdSet = Map<number, Uint8Array>;

/** Where an id is: its block, and its place there. */
export function placeOfId(id: number): { block: number; place: number } {
  const block = Math.floor(id / blockSize);
  return { block, place: id - block * blockSize };
}

/** A place as the list in `listing_term.members` holds it. The bytes of a pair have no value in common, so that no pair is found across two. */
export function pairOf(place: number): Buffer {
  return Buffer.of(place >> 6, 64 + (place & 63));
}

/** Where a place is in a bitmap: its byte, counted from 1 as SQL does, and the value of its bit. */
export function bitOf(place: number): { byte: number; bit: number } {
  return { byte: (place >> 3) + 1, bit: 1 << (place & 7) };
}

/** Places of a block as `listing_term.members`: the shorter of a list of pairs and a bitmap, which has an odd number of bytes. */
export function encodeMembers(places: number[]): Buffer {
  if (places.length * 2 <= bitmapBytes) return Buffer.concat(places.map(pairOf));
  const members = Buffer.alloc(bitmapBytes + 1);
  for (const place of places) members[place >> 3]! |= 1 << (place & 7);
  return members;
}

/** Adds the members of a block to a set. */
export function addMembers(set: IdSet, block: number, members: Buffer): void {
  const bits = set.get(block) ?? new Uint8Array(bitmapBytes);
  set.set(block, bits);
  if (members.length === bitmapBytes + 1) for (let i = 0; i < bitmapBytes; i++) bits[i]! |= members[i]!;
  else {
    for (let i = 0; i + 1 < members.length; i += 2) {
      const place = (members[i]! << 6) | (members[i + 1]! & 63);
      bits[place >> 3]! |= 1 << (place & 7);
    }
  }
}

/** Adds every id that a block can have. */
export function addWholeBlock(set: IdSet, block: number): void {
  set.set(block, new Uint8Array(bitmapBytes).fill(255));
}

/** Adds one id. */
export function addId(set: IdSet, id: number): void {
  const { block, place } = placeOfId(id);
  addMembers(set, block, pairOf(place));
}

export function hasId(set: IdSet, id: number): boolean {
  const { block, place } = placeOfId(id);
  return ((set.get(block)?.[place >> 3] ?? 0) & (1 << (place & 7))) !== 0;
}

/** The ids that are in both sets. */
export function intersect(one: IdSet, other: IdSet): IdSet {
  const both: IdSet = new Map();
  for (const [block, bits] of one) {
    const others = other.get(block);
    if (!others) continue;
    const shared = bits.map((byte, i) => byte & others[i]!);
    if (shared.some((byte) => byte !== 0)) both.set(block, shared);
  }
  return both;
}

const bitsOfByte = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);

export function countIds(set: IdSet): number {
  let count = 0;
  for (const bits of set.values()) for (const byte of bits) count += bitsOfByte[byte]!;
  return count;
}

/** The ids of a set in order, those after `after` alone. */
export function* idsOf(set: IdSet, descending: boolean, after?: number): Generator<number> {
  const sign = descending ? -1 : 1;
  const blocks = [...set.keys()].sort((a, b) => sign * (a - b));
  for (const block of blocks) {
    const bits = set.get(block)!;
    for (let i = 0; i < blockSize; i++) {
      const place = descending ? blockSize - 1 - i : i;
      const id = block * blockSize + place;
      if ((bits[place >> 3]! & (1 << (place & 7))) !== 0 && (after === undefined || sign * (id - after) > 0)) yield id;
    }
  }
}
