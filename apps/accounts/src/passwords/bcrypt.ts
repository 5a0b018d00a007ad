import { createHash } from "node:crypto";
import { parseOptions, verifySync } from "@node-rs/bcrypt";

const highestCost = 15;

/**
 * Checks Django's `bcrypt_sha256$$2b$…`, which hashes the hex SHA-256 of the password, and `bcrypt$$2b$…`, which hashes
 * its first 72 bytes. Above cost 15 (seconds) it is refused.
 */
export function verifyBcrypt(encoded: string, password: string): boolean {
  const at = encoded.indexOf("$");
  const hash = encoded.slice(at + 1);
  try {
    if (parseOptions(hash).cost > highestCost) return false;
  } catch {
    return false; // Not a bcrypt hash at all.
  }
  const preHashed = encoded.startsWith("bcrypt_sha256$");
  return verifySync(preHashed ? createHash("sha256").update(password).digest("hex") : password, hash);
}
