// Extracts values from JSON text without changing them: numbers of 30 digits, 1e400 and the order of keys are kept. The text must be valid
// JSON; nothing is checked here.

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const closers = new Set([0x5d, 0x7d]);
const openers = new Set([0x5b, 0x7b]);

/** The text of each element of an array. */
export function rawElements(array: string): string[] {
  const elements: string[] = [];
  let at = skipSpace(array, array.indexOf("[") + 1);
  while (array.charCodeAt(at) !== 0x5d) {
    const end = endOfValue(array, at);
    elements.push(array.slice(at, end));
    at = skipSpace(array, end);
    if (array.charCodeAt(at) === comma) at = skipSpace(array, at + 1);
  }
  return elements;
}

/** The text of the member with this name; of the last one if there are several, as in `JSON.parse`. */
export function rawMember(object: string, name: string): string | undefined {
  let found: string | undefined;
  let at = skipSpace(object, object.indexOf("{") + 1);
  while (object.charCodeAt(at) === quote) {
    const keyEnd = endOfString(object, at);
    const start = skipSpace(object, object.indexOf(":", keyEnd) + 1);
    const end = endOfValue(object, start);
    if (JSON.parse(object.slice(at, keyEnd)) === name) found = object.slice(start, end);
    at = skipSpace(object, end);
    if (object.charCodeAt(at) === comma) at = skipSpace(object, at + 1);
  }
  return found;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) <= 0x20) at++;
  return at;
}

/** The position after the string that begins at `from`. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  for (let code = text.charCodeAt(at); code !== quote; code = text.charCodeAt(at)) at += code === backslash ? 2 : 1;
  return at + 1;
}

/** The position after the value that begins at `from`. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at);
      if (depth === 0) return at;
    } else if (openers.has(code)) {
      depth++;
      at++;
    } else if (closers.has(code)) {
      if (depth === 0) return at;
      depth--;
      at++;
      if (depth === 0) return at;
    } else if (depth === 0 && (code === comma || code <= 0x20)) {
      return at;
    } else at++;
  }
  return at;
}
