import { pbkdf2Sync, randomInt, timingSafeEqual } from "node:crypto";

const mostIterations = 5_000_000;
// What Django 6.1 makes. An older Django reads it, and replaces it by its own count when the account signs in there.
const iterations = 1_500_000;
const saltLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const digests = { pbkdf2_sha256: "sha256", pbkdf2_sha1: "sha1" } as const;
const form = /^(pbkdf2_sha256|pbkdf2_sha1)\$(\d{1,8})\$([^$]{1,64})\$([A-Za-z0-9+/]{27,43}=)$/;

/** A new hash that every Django reads: `pbkdf2_sha256$1500000$salt$hash`. */
export function pbkdf2Hash(password: string): string {
  const salt = Array.from({ length: 22 }, () => saltLetters[randomInt(saltLetters.length)]).join("");
  const derived = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  return `pbkdf2_sha256$${iterations}$${salt}$${derived.toString("base64")}`;
}

/** Checks Django's `pbkdf2_sha256$iterations$salt$hash` and `pbkdf2_sha1$…`. Above 5,000,000 iterations it is refused. */
export function verifyPbkdf2(encoded: string, password: string): boolean {
  const [, algorithm, count, salt, stored] = form.exec(encoded) ?? [];
  const rounds = Number(count);
  if (!algorithm || !salt || !stored || rounds < 1 || rounds > mostIterations) return false;
  const expected = Buffer.from(stored, "base64");
  const digest = digests[algorithm as keyof typeof digests];
  const derived = pbkdf2Sync(password, salt, rounds, digest === "sha256" ? 32 : 20, digest);
  return derived.length === expected.length && timingSafeEqual(derived, expected);
}
