const fallback = 0x3f;
const firstLead = 0x81;
const firstTrail = 0x30;

/** Turns UTF-8, in which bytes that were no character are as `Transcoder` has written them, back into an encoding. */
export type Encode = (text: Buffer) => Buffer;

/** The function that writes an encoding. What it does not have becomes a question mark. */
export function encoder(encoding: string): Encode {
  if (encoding === "utf-8") return (text) => text;
  const write = encoding.startsWith("utf-16") ? utf16(encoding === "utf-16be") : legacy(encoding);
  return (text) => Buffer.concat([...pieces(text)].map(write));
}

/** The bytes at the beginning of a file in an encoding that cannot be recognised without them. */
export function byteOrderMark(encoding: string): Buffer {
  return encoding.startsWith("utf-16") ? encoder(encoding)(Buffer.from("\ufeff")) : Buffer.alloc(0);
}

/** A text, or the code unit of half a surrogate pair, which stands for a byte or a unit that was no character. */
type Piece = string | number;

function* pieces(text: Buffer): Generator<Piece> {
  let start = 0;
  for (let at = text.indexOf(0xed); at >= 0; at = text.indexOf(0xed, at + 1)) {
    if ((text[at + 1] ?? 0) < 0xa0 || at + 2 >= text.length) continue;
    if (at > start) yield text.toString("utf8", start, at);
    yield 0xd000 | ((text[at + 1]! & 0x3f) << 6) | (text[at + 2]! & 0x3f);
    start = at + 3;
  }
  if (start < text.length) yield text.toString("utf8", start);
}

function utf16(bigEndian: boolean): (piece: Piece) => Buffer {
  return (piece) => {
    const units = Buffer.from(typeof piece === "number" ? String.fromCharCode(piece) : piece, "utf16le");
    return bigEndian ? units.swap16() : units;
  };
}

const tables = new Map<string, Map<string, Buffer>>();

function legacy(encoding: string): (piece: Piece) => Buffer {
  const table = tables.get(encoding) ?? characters(encoding);
  tables.set(encoding, table);
  return (piece) => {
    if (typeof piece === "number") return Buffer.of(piece & 0xff);
    const bytes = (character: string) => table.get(character) ?? beyond(encoding, character) ?? Buffer.of(fallback);
    return Buffer.concat(Array.from(piece, bytes));
  };
}

/** These two are read alike: a file that is said to be GBK may have what only GB18030 has. */
const hasFourBytes = (encoding: string) => encoding === "gb18030" || encoding === "gbk";

/** The number of the first character of GB18030 with four bytes beyond 16 bits, which are in the order of Unicode. */
const firstBeyond = 189_000;

function beyond(encoding: string, character: string): Buffer | undefined {
  const code = character.codePointAt(0) ?? 0;
  return hasFourBytes(encoding) && code >= 0x10000 ? fourBytes(firstBeyond + code - 0x10000) : undefined;
}

/** Four bytes of GB18030 by their number. */
function fourBytes(number: number): Buffer {
  const [second, third, fourth] = [Math.floor(number / 1260) % 10, Math.floor(number / 10) % 126, number % 10];
  return Buffer.of(0x81 + Math.floor(number / 12_600), 0x30 + second, 0x81 + third, 0x30 + fourth);
}

/** How many characters of GB18030 with four bytes have 16 bits. */
const shortCharacters = 39_420;

/** The bytes of each character that an encoding has in one to three bytes, and of GB18030 those in four with 16 bits, by what its decoder makes of them. */
function characters(encoding: string): Map<string, Buffer> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const table = new Map<string, Buffer>();
  const add = (bytes: Buffer) => {
    try {
      const character = decoder.decode(bytes);
      if ([...character].length === 1 && !table.has(character)) table.set(character, bytes);
    } catch {
      // These bytes are no character.
    }
  };
  for (let byte = 0; byte < 0x100; byte++) add(Buffer.of(byte));
  if (table.size >= 0xf0) return table;
  for (let lead = firstLead; lead <= 0xfe; lead++) {
    for (let trail = firstTrail; trail <= 0xfe; trail++) add(Buffer.of(lead, trail));
  }
  if (hasFourBytes(encoding)) for (let number = 0; number < shortCharacters; number++) add(fourBytes(number));
  if (encoding === "euc-jp") {
    for (let lead = 0xa1; lead <= 0xfe; lead++) {
      for (let trail = 0xa1; trail <= 0xfe; trail++) add(Buffer.of(0x8f, lead, trail));
    }
  }
  return table;
}
