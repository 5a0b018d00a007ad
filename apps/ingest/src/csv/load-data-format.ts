import { isUtf8 } from "node:buffer";
import { fieldFaults, maxTextLength } from "./row-faults.ts";

/**
 * The default text format of `LOAD DATA`: fields end with a tab, rows with a line feed, and a backslash escapes both and itself.
 * The writers below validate one field, write it, and return the position after it, or a fault.
 */
export const tab = 0x09;
export const lineFeed = 0x0a;
const backslash = 0x5c;
const space = 0x20;
const zero = 0x30;

/** Writes a whole number from 1 to 2147483647. */
export function writeId(value: number, to: Buffer, at: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  let rest = value;
  for (let place = at + digits - 1; place >= at; place--) {
    const shorter = Math.floor(rest / 10);
    to[place] = zero + (rest - shorter * 10);
    rest = shorter;
  }
  return at + digits;
}

/** Writes a text of 1 to 255 code points in UTF-8, not only spaces, without NUL: at most 2,040 bytes. */
export function writeText(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  if (end - start > maxTextLength * 4)
    return isUtf8(from.subarray(start, end)) ? fieldFaults.tooLong : fieldFaults.invalidUtf8;
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
      return fieldFaults.nul;
    }
    to[place++] = byte;
  }
  if (!ascii && !isUtf8(from.subarray(start, end))) return fieldFaults.invalidUtf8;
  if (blank) return fieldFaults.required;
  return end - start - continued > maxTextLength ? fieldFaults.tooLong : place;
}

/** Escapes a text as a field of a row. */
export function escapeText(text: string): string {
  return text.replace(/[\\\t\n]/g, (character) => (character === "\t" ? "\\t" : character === "\n" ? "\\n" : "\\\\"));
}

const backslashN = "\\N";

/** The unescaped fields of a row without its line feed; null for NULL. */
export function rowFields(row: string): (string | null)[] {
  const fields = row.split("\t");
  if (!row.includes("\\")) return fields;
  return fields.map((field) =>
    field === backslashN
      ? null
      : field.replace(/\\(.)/g, (_, character) => (character === "t" ? "\t" : character === "n" ? "\n" : character)),
  );
}
