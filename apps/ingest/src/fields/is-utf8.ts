import { isUtf8 } from "node:buffer";

/** Up to this length the bytes are checked here: a view for Node's check costs more than the check. */
const shortBytes = 64;

/** Whether the bytes are valid UTF-8 (RFC 3629, section 4). */
export function isUtf8Text(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > shortBytes) return isUtf8(bytes.subarray(start, end));
  let at = start;
  while (at < end) {
    const first = bytes[at]!;
    if (first < 0x80) {
      at++;
      continue;
    }
    const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (first < 0xc2 || first > 0xf4 || at + more >= end) return false;
    // No overlong forms, no surrogates, nothing beyond U+10FFFF.
    const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    const second = bytes[at + 1]!;
    if (second < low || second > high) return false;
    for (let next = at + 2; next <= at + more; next++) if ((bytes[next]! & 0xc0) !== 0x80) return false;
    at += more + 1;
  }
  return true;
}
