/** What a letter after a backslash stands for, in the files of MySQL and Postgres; any other character stands for itself. */
const letters: Record<string, number> = { 0: 0, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, Z: 0x1a };
const backslash = 0x5c;
const byLetter = Uint8Array.from({ length: 256 }, (_, byte) => letters[String.fromCharCode(byte)] ?? byte);

/**
 * The bytes of a field without its escapes. Doubled quotes are one where the field stands in quotes. `quote` and `escapeByte` are bytes;
 * negative: there is none.
 */
export function unescapeField(
  window: Buffer,
  start: number,
  end: number,
  { quote, escapeByte }: { quote: number; escapeByte: number },
): Buffer {
  const inQuotes = start > 0 && window[start - 1] === quote;
  const bytes = Buffer.allocUnsafe(end - start);
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = window[at]!;
    if (byte === escapeByte && at + 1 < end) {
      const next = window[++at]!;
      bytes[length++] = byte === backslash ? byLetter[next]! : next;
    } else {
      bytes[length++] = byte;
      if (inQuotes && byte === quote) at++;
    }
  }
  return bytes.subarray(0, length);
}
