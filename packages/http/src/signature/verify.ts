import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { LRUCache } from "lru-cache";
import { canonicalRequest, sha256Hex } from "./canonical-request.ts";
import { type SignatureClaim, SignatureError, type SignedParts } from "./signed-request.ts";

const maxSkewMs = 15 * 60_000;

/** What changes the meaning of a request; it is not accepted when it is there and not signed. */
const mustBeSigned = ["x-amz-target", "x-amz-date", "x-amz-content-sha256"];

/** Throws `RequestExpired` for a signature that is older or newer than 15 minutes, or past its own expiry. `now` is in ms. */
export function checkSignatureTime({ timestamp, expiresSeconds }: SignatureClaim, now: number): void {
  const [year, month, day, hour, minute, second] = [4, 2, 2, 2, 2, 2].map((length, i) => {
    const start = [0, 4, 6, 9, 11, 13][i] ?? 0;
    return timestamp.slice(start, start + length);
  });
  const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const until = signedAt + (expiresSeconds === undefined ? maxSkewMs : expiresSeconds * 1000);
  if (!(now <= until)) throw new SignatureError("RequestExpired", `Signature expired: ${timestamp} is too long ago.`);
  if (signedAt > now + maxSkewMs) {
    throw new SignatureError("RequestExpired", `Signature not yet current: ${timestamp} is in the future.`);
  }
}

/**
 * Verifies the signature of a request with this body (Signature Version 4). Returns which of `hosts` was signed as its Host. Throws
 * `SignatureDoesNotMatch` when none fits, the body is not the signed one, or not all is signed that must be.
 */
export function verifySignature(
  parts: SignedParts,
  claim: SignatureClaim,
  given: { secret: string; body: Uint8Array; hosts: string[] },
): string {
  const { signedHeaders, signature, date, region, service, scope, timestamp } = claim;
  const bodyDigest = sha256Hex(given.body);
  const declared = parts.header("x-amz-content-sha256");
  if (declared !== undefined && declared !== bodyDigest) {
    throw mismatch("The X-Amz-Content-Sha256 is not the digest of the body.");
  }
  const unsigned = mustBeSigned.filter((name) => parts.header(name) !== undefined && !signedHeaders.includes(name));
  if (!signedHeaders.includes("host")) unsigned.push("host");
  if (unsigned.length > 0) throw mismatch(`These headers must be signed: ${unsigned.join(", ")}.`);
  const key = signingKey(given.secret, date, region, service);
  const found = given.hosts.find((host) => {
    const digest = sha256Hex(canonicalRequest(parts, claim, { host, bodyDigest }));
    const expected = hmac(key, `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${digest}`);
    return timingSafeEqual(expected, Buffer.from(signature, "hex"));
  });
  if (found !== undefined) return found;
  throw mismatch(
    "The request signature we calculated does not match the signature you provided. Check your secret access key and signing method.",
  );
}

const signingKeys = new LRUCache<string, KeyObject>({ max: 1000 });

/** The key that signs the requests of one day in one region of a service. It is remembered, because to derive it takes four digests. */
function signingKey(secret: string, date: string, region: string, service: string): KeyObject {
  const name = `${secret} ${date} ${region} ${service}`;
  const known = signingKeys.get(name);
  if (known) return known;
  const derived = [date, region, service, "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${secret}`);
  const key = createSecretKey(Buffer.from(derived));
  signingKeys.set(name, key);
  return key;
}

function hmac(key: string | Buffer | KeyObject, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function mismatch(message: string): SignatureError {
  return new SignatureError("SignatureDoesNotMatch", message);
}
