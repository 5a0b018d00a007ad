import { createHash, type Hash } from "node:crypto";
import type { Attributes } from "../messages/packed.ts";

/** The MD5 digest of a body, in hex. */
export function md5(text: string): string {
  return createHash("md5").update(text, "utf8").digest("hex");
}

/**
 * The MD5 digest of attributes as clients check it: by name, the length and the text of the name and of the type, a byte for the transport
 * type (1 text, 2 binary), the length and the value. Lengths are 32 bits, big-endian. `undefined` without attributes.
 */
export function md5OfAttributes(attributes: Attributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash("md5");
  for (const name of names) {
    const { type, value } = attributes[name] ?? { type: "", value: "" };
    const isBinary = type.startsWith("Binary");
    addPart(hash, Buffer.from(name));
    addPart(hash, Buffer.from(type));
    hash.update(Buffer.of(isBinary ? 2 : 1));
    addPart(hash, Buffer.from(value, isBinary ? "base64" : "utf8"));
  }
  return hash.digest("hex");
}

function addPart(hash: Hash, bytes: Buffer): void {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  hash.update(length).update(bytes);
}
