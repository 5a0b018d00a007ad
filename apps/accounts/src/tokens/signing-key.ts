import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { ConfigError } from "@quintet/http";
import { calculateJwkThumbprint } from "jose";

/** A key pair of the issuer. `publicJwk` is its entry in the key set. */
export interface SigningKey {
  kid: string;
  privateKey: KeyObject;
  publicJwk: PublicKey;
}

/** A public Ed25519 key as a JSON Web Key (RFC 8037). */
export interface PublicKey {
  kty: "OKP";
  crv: "Ed25519";
  x: string;
  kid: string;
  alg: "EdDSA";
  use: "sig";
}

/**
 * Reads `AUTH_SIGNING_KEY`: one key, or several separated by commas. The first one signs; all verify, so that during a rotation the
 * tokens of the old and the new key are valid.
 */
export async function readSigningKeys(text: string): Promise<[SigningKey, ...SigningKey[]]> {
  const [first = "", ...others] = text.split(",").map((one) => one.trim());
  return [await readSigningKey(first), ...(await Promise.all(others.map(readSigningKey)))];
}

/**
 * Reads one key: an Ed25519 private key in PKCS #8, as PEM (real line breaks or `\n`) or as base64 of the DER.
 * Its `kid` is the thumbprint of the public key (RFC 7638). Throws a `ConfigError`, without the value, for anything else.
 */
export async function readSigningKey(text: string): Promise<SigningKey> {
  const privateKey = parse(text);
  if (privateKey?.asymmetricKeyType !== "ed25519") {
    throw new ConfigError("AUTH_SIGNING_KEY: must be an Ed25519 key in PKCS #8, as PEM or base64 DER");
  }
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  const jwk = { kty: "OKP", crv: "Ed25519", x } as const;
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, privateKey, publicJwk: { ...jwk, kid, alg: "EdDSA", use: "sig" } };
}

/** Whether `readSigningKeys` can read it. */
export function areSigningKeys(text: string): boolean {
  return text.split(",").every((one) => parse(one.trim())?.asymmetricKeyType === "ed25519");
}

function parse(text: string): KeyObject | undefined {
  try {
    if (text.includes("-----BEGIN")) return createPrivateKey(text.replaceAll("\\n", "\n"));
    return createPrivateKey({ key: Buffer.from(text, "base64"), format: "der", type: "pkcs8" });
  } catch {
    return undefined;
  }
}
