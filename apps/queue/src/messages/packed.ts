/** An attribute of a message: a type `String`, `Number` or `Binary`, maybe with a suffix (`Number.int`), and its value as text. */
export interface Attribute {
  type: string;
  /** Base64 for a binary value. */
  value: string;
}
export type Attributes = Record<string, Attribute>;

// A stored message is its JSON text. With attributes it is "\1", the length of the attributes' JSON text, ":", that text, then the JSON
// text of the body. JSON never begins with "\1".
const mark = "\u0001";

/** The stored form of a message. */
export function pack(attributes: Attributes | undefined, body: string): string {
  if (attributes === undefined || Object.keys(attributes).length === 0) return body;
  const text = asciiJson(attributes);
  return `${mark}${text.length}:${text}${body}`;
}

/** The JSON texts of a stored message; `attributes` is "" when there are none. */
export function unpack(payload: string): { attributes: string; body: string } {
  if (!payload.startsWith(mark)) return { attributes: "", body: payload };
  const colon = payload.indexOf(":");
  const start = colon + 1 + Number(payload.slice(1, colon));
  return { attributes: payload.slice(colon + 1, start), body: payload.slice(start) };
}

/** ASCII only, so that its length is the same in characters and in bytes. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\u0080-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
