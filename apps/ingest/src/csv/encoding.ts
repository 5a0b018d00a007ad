import { isAscii } from "node:buffer";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
/** Below this, a byte is never the second one of a character, in any of these encodings. */
const firstTrailByte = 0x30;
const multiByte = ["gbk", "gb18030", "big5", "euc-jp", "shift_jis", "euc-kr"];
/** Names that the standard knows but that no file can be read by: stateful, or a protection of browsers. */
const unreadable = ["iso-2022-jp", "replacement", "x-user-defined"];

/** The name of an encoding in the WHATWG Encoding Standard for any of its labels; undefined for an unknown one. */
export function encodingNamed(label: string): string | undefined {
  try {
    const name = new TextDecoder(label.trim()).encoding;
    return unreadable.includes(name) ? undefined : name;
  } catch {
    return undefined;
  }
}

/**
 * Turns a file into UTF-8 as it arrives. A byte that is no character becomes an invalid sequence of UTF-8 (as the surrogate escapes of
 * Python), so that its field is rejected and nothing is replaced in silence. It keeps the bytes as sent until they are taken:
 * positions and digests are about these.
 */
export class Transcoder {
  readonly #convert: (bytes: Buffer, ended: boolean) => { text: Buffer; used: number };
  readonly #unit: 1 | 2;
  /** Where the byte of an ASCII character is in its unit. */
  readonly #low: 0 | 1;
  #rest: Buffer = Buffer.alloc(0);
  #sent: Buffer = Buffer.alloc(0);

  constructor(encoding: string) {
    const isUtf16 = encoding.startsWith("utf-16");
    this.#unit = isUtf16 ? 2 : 1;
    this.#low = encoding === "utf-16be" ? 1 : 0;
    if (isUtf16) this.#convert = utf16(encoding === "utf-16be");
    else this.#convert = multiByte.includes(encoding) ? multiByteText(encoding) : singleByteText(encoding);
  }

  /** The text of the next bytes, as far as its characters are complete; `ended`: no bytes follow. */
  push(chunk: Buffer, ended = false): Buffer {
    this.#sent = this.#sent.length === 0 ? chunk : Buffer.concat([this.#sent, chunk]);
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const { text, used } = this.#convert(bytes, ended);
    this.#rest = bytes.subarray(used);
    return text;
  }

  /** Takes the bytes as sent up to the line end with this number, counting CR and LF each, from 1. */
  take(lineEnds: number): Buffer {
    if (lineEnds === 0) return this.#sent.subarray(0, 0);
    let left = lineEnds;
    let at = this.#low;
    for (; at < this.#sent.length; at += this.#unit) {
      const byte = this.#sent[at]!;
      if (byte !== lineFeed && byte !== carriageReturn) continue;
      if (this.#unit === 2 && this.#sent[at + 1 - 2 * this.#low] !== 0) continue;
      if (--left === 0) break;
    }
    return this.#takeTo(at - this.#low + this.#unit);
  }

  takeAll(): Buffer {
    return this.#takeTo(this.#sent.length);
  }

  #takeTo(end: number): Buffer {
    const taken = this.#sent.subarray(0, end);
    this.#sent = this.#sent.subarray(end);
    return taken;
  }
}

/** The number of CR and LF in a text. */
export function countLineEnds(text: Buffer): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) if (text[at] === lineFeed || text[at] === carriageReturn) count++;
  return count;
}

/** Three bytes that are no UTF-8, for a byte that is no character. */
const escapedByte = (byte: number) => Buffer.from([0xed, 0xb2 + (byte >= 0xc0 ? 1 : 0), 0x80 | (byte & 0x3f)]);

function singleByteText(encoding: string) {
  const decoder = new TextDecoder(encoding);
  const table = Array.from({ length: 256 }, (_, byte) => {
    const text = decoder.decode(Uint8Array.of(byte));
    return text === "\ufffd" ? escapedByte(byte) : Buffer.from(text);
  });
  return (bytes: Buffer) => {
    if (isAscii(bytes)) return { text: bytes, used: bytes.length };
    const text = Buffer.allocUnsafe(bytes.length * 3);
    let length = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte < 0x80) {
        text[length++] = byte;
        continue;
      }
      const character = table[byte]!;
      for (let index = 0; index < character.length; index++) text[length++] = character[index]!;
    }
    return { text: text.subarray(0, length), used: bytes.length };
  };
}

function multiByteText(encoding: string) {
  const strict = new TextDecoder(encoding, { fatal: true });
  const decode = (bytes: Buffer): Buffer => {
    try {
      return Buffer.from(strict.decode(bytes));
    } catch {
      return Buffer.concat([...bytes].map((byte) => (byte < 0x80 ? Buffer.from([byte]) : escapedByte(byte))));
    }
  };
  return (bytes: Buffer, ended: boolean) => {
    let used = bytes.length;
    if (!ended) while (used > 0 && bytes[used - 1]! >= firstTrailByte) used--;
    const whole = bytes.subarray(0, used);
    if (isAscii(whole)) return { text: whole, used };
    try {
      return { text: Buffer.from(strict.decode(whole)), used };
    } catch {
      // Only what is between two bytes that belong to no longer character is lost.
      const parts: Buffer[] = [];
      for (let start = 0; start < used; ) {
        let end = start;
        while (end < used && whole[end]! >= firstTrailByte) end++;
        parts.push(decode(whole.subarray(start, end + 1)));
        start = end + 1;
      }
      return { text: Buffer.concat(parts), used };
    }
  };
}

function utf16(bigEndian: boolean) {
  return (bytes: Buffer, ended: boolean) => {
    let used = bytes.length - (bytes.length % 2);
    const high = used > 0 ? bytes[used - (bigEndian ? 2 : 1)]! : 0;
    if (!ended && high >= 0xd8 && high < 0xdc) used -= 2;
    const units = bigEndian ? Buffer.from(bytes.subarray(0, used)).swap16() : bytes.subarray(0, used);
    const string = units.toString("utf16le");
    const text = string.isWellFormed() ? Buffer.from(string) : withSurrogates(string);
    if (!ended || used === bytes.length) return { text, used };
    return { text: Buffer.concat([text, escapedByte(bytes[used]! | 0x80)]), used: bytes.length };
  };
}

/** UTF-8 in which each half of a surrogate pair is three bytes, which are no UTF-8. */
function withSurrogates(string: string): Buffer {
  return Buffer.concat(
    Array.from(string, (character) => {
      if (character.isWellFormed()) return Buffer.from(character);
      const unit = character.charCodeAt(0);
      return Buffer.from([0xed, 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]);
    }),
  );
}
