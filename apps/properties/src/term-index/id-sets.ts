/** The number of ids in a block. */
export const blockSize = 4096;
const bitmapBytes = blockSize / 8;
/** The greatest id that a block can have: its number is an INT UNSIGNED. A property with a greater one, or a negative one, has no listing. */
export const maxId = blockSize * 2 ** 32 - 1;

/** A set of ids: a bitmap for each block that has any of them. */
export type IdSet = Map<number, Uint8Array>;

/** The block of an id, and its position in the block. */
export function positionOfId(id: number): { block: number; position: number } {
  const block = Math.floor(id / blockSize);
  return { block, position: id - block * blockSize };
}

/** A position as two bytes, as in the lists of `listing_term.members`. First and second bytes have disjoint ranges, so that no pair matches across two others. */
export function encodePair(position: number): Buffer {
  return Buffer.of(position >> 6, 64 + (position & 63));
}

/** The location of a position in a bitmap: its byte, counted from 1 as in SQL, and the value of its bit. */
export function bitOf(position: number): { byte: number; bit: number } {
  return { byte: (position >> 3) + 1, bit: 1 << (position & 7) };
}

/** Encodes positions of a block for `listing_term.members`: a list of pairs or a bitmap, whichever is shorter. A bitmap has an odd number of bytes. */
export function encodeMembers(positions: number[]): Buffer {
  if (positions.length * 2 <= bitmapBytes) return Buffer.concat(positions.map(encodePair));
  const members = Buffer.alloc(bitmapBytes + 1);
  for (const position of positions) members[position >> 3]! |= 1 << (position & 7);
  return members;
}

/** Adds the members of a block to a set. */
export function addMembers(set: IdSet, block: number, members: Buffer): void {
  const bits = set.get(block) ?? new Uint8Array(bitmapBytes);
  set.set(block, bits);
  if (members.length === bitmapBytes + 1) for (let i = 0; i < bitmapBytes; i++) bits[i]! |= members[i]!;
  else {
    for (let i = 0; i + 1 < members.length; i += 2) {
      const position = (members[i]! << 6) | (members[i + 1]! & 63);
      bits[position >> 3]! |= 1 << (position & 7);
    }
  }
}

/** Adds all ids of a block. */
export function addWholeBlock(set: IdSet, block: number): void {
  set.set(block, new Uint8Array(bitmapBytes).fill(255));
}

/** Adds one id. */
export function addId(set: IdSet, id: number): void {
  const { block, position } = positionOfId(id);
  addMembers(set, block, encodePair(position));
}

export function hasId(set: IdSet, id: number): boolean {
  const { block, position } = positionOfId(id);
  return ((set.get(block)?.[position >> 3] ?? 0) & (1 << (position & 7))) !== 0;
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

/** The ids of a set in order, only those after `after`. */
export function* idsOf(set: IdSet, descending: boolean, after?: number): Generator<number> {
  const sign = descending ? -1 : 1;
  const blocks = [...set.keys()].sort((a, b) => sign * (a - b));
  for (const block of blocks) {
    const bits = set.get(block)!;
    for (let i = 0; i < blockSize; i++) {
      const position = descending ? blockSize - 1 - i : i;
      const id = block * blockSize + position;
      if ((bits[position >> 3]! & (1 << (position & 7))) !== 0 && (after === undefined || sign * (id - after) > 0))
        yield id;
    }
  }
}
