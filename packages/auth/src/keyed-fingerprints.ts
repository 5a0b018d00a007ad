import { createHmac } from "node:crypto";
import type { IdempotencyStore } from "@quintet/http";

/**
 * A store for routes whose bodies hold a password: what is kept of a request is a digest under `key`, because a plain digest of a
 * short body would let whoever reads a store guess the password.
 */
export function keyedFingerprints(store: IdempotencyStore, key: Buffer): IdempotencyStore {
  const keyed = (fingerprint: string) => createHmac("sha256", key).update(fingerprint).digest("base64url");
  return { begin: (name, fingerprint) => store.begin(name, keyed(fingerprint)) };
}
