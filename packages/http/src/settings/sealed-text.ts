import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const nonceLength = 12;
const tagLength = 16;

/**
 * Encrypts a text that the app must be able to read again, such as a signing secret: base64url of a random 12-byte nonce, the 16-byte tag
 * and the ciphertext (AES-256-GCM, NIST SP 800-38D). `key` has 32 bytes, from `deriveKey`; one key may seal 2^32 texts. With `context`
 * (for example the name of the record) the text opens in that context only.
 */
export function sealText(key: Buffer, text: string, context = ""): string {
  const nonce = randomBytes(nonceLength);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagLength }).setAAD(Buffer.from(context));
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url");
}

/** The text that `sealText` sealed; `undefined` when it was changed, or sealed with another key or in another context. */
export function openText(key: Buffer, sealed: string, context = ""): string | undefined {
  const bytes = Buffer.from(sealed, "base64url");
  if (bytes.length < nonceLength + tagLength) return undefined;
  const tagEnd = nonceLength + tagLength;
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceLength), { authTagLength: tagLength })
    .setAAD(Buffer.from(context))
    .setAuthTag(bytes.subarray(nonceLength, tagEnd));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(tagEnd)), decipher.final()]).toString("utf8");
  } catch {
    return undefined; // `final` throws when the tag does not match.
  }
}
