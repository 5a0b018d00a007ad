import { randomBytes } from "node:crypto";
import { hashSync, parseOptions, verifySync } from "@node-rs/argon2";

/** 19 MiB, two passes, one lane: OWASP's first choice for Argon2id. */
const current = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };

const limits = { memoryCost: 262_144, timeCost: 16, parallelism: 16, work: 2 ** 21 };

/** A new Argon2id hash in Django's format: `argon2$argon2id$v=19$m=19456,t=2,p=1$salt$hash`. */
export function argon2Hash(password: string): string {
  return `argon2${hashSync(password, { ...current, salt: randomBytes(16) })}`;
}

/** Whether a hash has the current costs. */
export function isCurrentArgon2(encoded: string): boolean {
  return encoded.startsWith("argon2$argon2id$v=19$m=19456,t=2,p=1$");
}

/** Verifies `argon2$…` (id, i or d). A hash that would cost too much memory or time never matches. */
export function verifyArgon2(encoded: string, password: string): boolean {
  const phc = encoded.slice("argon2".length);
  try {
    const { memoryCost, timeCost, parallelism } = parseOptions(phc);
    if (memoryCost > limits.memoryCost || timeCost > limits.timeCost || parallelism > limits.parallelism) return false;
    if (memoryCost * timeCost > limits.work) return false;
  } catch {
    return false; // Not an Argon2 hash at all.
  }
  return verifySync(phc, password);
}
