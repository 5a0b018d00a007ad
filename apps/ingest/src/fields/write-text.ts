import type { Column } from "../tables/table.ts";
import { fault } from "./field-faults.ts";
import type { FieldWriter } from "./field-writer.ts";
import { isUtf8Text } from "./is-utf8.ts";

const tab = 0x09;
const lineFeed = 0x0a;
const backslash = 0x5c;
const space = 0x20;

/**
 * Writes texts in UTF-8 without NUL. A required text of nothing but white space is missing. Lengths are in code points.
 */
export function textWriter({ required, minLength = 0, maxLength = Number.POSITIVE_INFINITY }: Column): FieldWriter {
  return (from, start, end, to, at) => {
    if (end - start > maxLength * 4) return isUtf8Text(from, start, end) ? fault.maxLength : fault.invalidUtf8;
    let place = at;
    let continued = 0;
    let ascii = true;
    let blank = true;
    for (let index = start; index < end; index++) {
      const byte = from[index]!;
      if (byte > space && byte !== backslash) {
        blank = false;
        if (byte >= 0x80) {
          ascii = false;
          if (byte < 0xc0) continued++;
        }
      } else if (byte === tab || byte === lineFeed || byte === backslash) {
        if (byte === backslash) blank = false;
        to[place++] = backslash;
        to[place++] = byte === tab ? 0x74 : byte === lineFeed ? 0x6e : backslash;
        continue;
      } else if (byte === 0) {
        return fault.nul;
      }
      to[place++] = byte;
    }
    if (!ascii && !isUtf8Text(from, start, end)) return fault.invalidUtf8;
    if (blank && required) return fault.required;
    const length = end - start - continued;
    if (length > maxLength) return fault.maxLength;
    return length < minLength ? fault.minLength : place;
  };
}

/** Writes JSON as it is, so that numbers keep their digits. */
export function jsonWriter(column: Column): FieldWriter {
  const write = textWriter({ ...column, required: false });
  return (from, start, end, to, at) => {
    const next = write(from, start, end, to, at);
    if (next < 0) return next === fault.nul ? fault.type : next;
    try {
      JSON.parse(from.toString("utf8", start, end));
    } catch {
      return fault.type;
    }
    return next;
  };
}

const hex = /^(?:\{([0-9a-f-]{36})\}|([0-9a-f-]{36}|[0-9a-f]{32}))$/i;
const groups = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/;

const uuidLength = 36;
const hyphen = 0x2d;
/** The lower case digit of each byte that is a hexadecimal digit; 0 for all others. */
const hexDigits = new Uint8Array(256);
for (const digit of "0123456789abcdefABCDEF") hexDigits[digit.charCodeAt(0)] = digit.toLowerCase().charCodeAt(0);

/** Writes a UUID of 36 characters; returns the position after it, 0 when it is none. */
function writeUsualUuid(from: Buffer, start: number, to: Buffer, at: number): number {
  for (let index = 0; index < uuidLength; index++) {
    const byte = from[start + index]!;
    const isHyphen = index === 8 || index === 13 || index === 18 || index === 23;
    const written = isHyphen ? (byte === hyphen ? hyphen : 0) : hexDigits[byte]!;
    if (written === 0) return 0;
    to[at + index] = written;
  }
  return at + uuidLength;
}

/** Writes UUIDs in lower case with their hyphens; accepts upper case, braces, and 32 digits without hyphens. */
export const writeUuid: FieldWriter = (from, start, end, to, at) => {
  if (end - start > 38) return fault.type;
  if (end - start === uuidLength) {
    const next = writeUsualUuid(from, start, to, at);
    if (next > 0) return next;
  }
  const found = hex.exec(from.toString("latin1", start, end));
  const parts = groups.exec((found?.[1] ?? found?.[2] ?? "").toLowerCase());
  return parts === null ? fault.type : at + to.write(parts.slice(1).join("-"), at, "latin1");
};

const trueWords = ["true", "t", "yes", "y", "1"];
const falseWords = ["false", "f", "no", "n", "0"];
const maxWordBytes = 64;

function startsWith(from: Buffer, start: number, word: Buffer): boolean {
  for (let index = 0; index < word.length; index++) if (from[start + index] !== word[index]) return false;
  return true;
}

/** Writes 1 or 0. `words`: the texts of true and of false; by default the usual English ones in any case. */
export function booleanWriter(words: {
  trueValues?: readonly string[] | undefined;
  falseValues?: readonly string[] | undefined;
}): FieldWriter {
  const own = words.trueValues !== undefined || words.falseValues !== undefined;
  const digits = new Map<string, number>();
  for (const word of words.falseValues ?? falseWords) digits.set(word, 0x30);
  for (const word of words.trueValues ?? trueWords) digits.set(word, 0x31);
  const known = [...digits].map(([word, digit]) => ({ bytes: Buffer.from(word), digit }));
  return (from, start, end, to, at) => {
    for (const { bytes, digit } of known) {
      if (bytes.length !== end - start || !startsWith(from, start, bytes)) continue;
      to[at] = digit;
      return at + 1;
    }
    if (own || end - start > maxWordBytes) return fault.type;
    const digit = digits.get(from.toString("utf8", start, end).toLowerCase());
    if (digit === undefined) return fault.type;
    to[at] = digit;
    return at + 1;
  };
}
