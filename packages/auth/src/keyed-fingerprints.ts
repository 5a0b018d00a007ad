import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import type { IdempotencyState, IdempotencyStore } from "@quintet/http";

/**
 * A store for routes whose bodies hold a password: what it keeps of a request is a digest under `key`, because a plain digest
 * of a short body would let whoever reads the store guess the password.
 */
export function keyedFingerprints(store: IdempotencyStore, key: Buffer): IdempotencyStore {
  const keyed = (fingerprint: string) => createHmac("sha256", key).update(fingerprint).digest("base64url");
  return { begin: (name, fingerprint) => store.begin(name, keyed(fingerprint)) };
}

/**
 * A store for routes whose answers hold a secret: what it keeps of an answer is sealed under `key` (AES-256-GCM), bound to the
 * request that it answers.
 */
export function sealedAnswers(store: IdempotencyStore, key: Buffer): IdempotencyStore {
  const sealing = Buffer.from(hkdfSync("sha256", key, "", "sealed answers", 32));
  const seal = (body: string, name: string): string => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", sealing, nonce).setAAD(Buffer.from(name));
    const sealed = Buffer.concat([cipher.update(body, "utf8"), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url");
  };
  const open = (text: string, name: string): string => {
    const bytes = Buffer.from(text, "base64url");
    const decipher = createDecipheriv("aes-256-gcm", sealing, bytes.subarray(0, 12)).setAAD(Buffer.from(name));
    decipher.setAuthTag(bytes.subarray(12, 28));
    return decipher.update(bytes.subarray(28), undefined, "utf8") + decipher.final("utf8");
  };
  return {
    async begin(name, fingerprint): Promise<IdempotencyState> {
      const found = await store.begin(name, fingerprint);
      if (found.state === "done") {
        return { ...found, answer: { ...found.answer, body: open(found.answer.body, name) } };
      }
      if (found.state !== "new") return found;
      const { keep, abandon } = found.claim;
      return { ...found, claim: { abandon, keep: (answer) => keep({ ...answer, body: seal(answer.body, name) }) } };
    },
  };
}
