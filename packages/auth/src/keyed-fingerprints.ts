import { createHmac } from "node:crypto";
import type { IdempotencyStore } from "@quintet/http";

/**
 * An idempotency store for routes whose bodies contain a password. Fingerprints are stored as digests with `key`, because a plain
 * digest of a short body would allow guessing the password.
 */
export function keyedFingerprints(store: IdempotencyStore, key: Buffer): IdempotencyStore {
  const keyed = (fingerprint: string) => createHmac("sha256", key).update(fingerprint).digest("base64url");
  return { begin: (name, fingerprint) => store.begin(name, keyed(fingerprint)) };
}
