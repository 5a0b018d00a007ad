import { pbkdf2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(pbkdf2);
const mostIterations = 5_000_000;
const digests = { pbkdf2_sha256: "sha256", pbkdf2_sha1: "sha1" } as const;
const form = /^(pbkdf2_sha256|pbkdf2_sha1)\$(\d{1,8})\$([^$]{1,64})\$([A-Za-z0-9+/]{27,43}=)$/;

/** Checks Django's `pbkdf2_sha256$iterations$salt$hash` and `pbkdf2_sha1$…`. Above 5,000,000 iterations it is refused. */
export async function verifyPbkdf2(encoded: string, password: string): Promise<boolean> {
  const [, algorithm, count, salt, stored] = form.exec(encoded) ?? [];
  const iterations = Number(count);
  if (!algorithm || !salt || !stored || iterations < 1 || iterations > mostIterations) return false;
  const expected = Buffer.from(stored, "base64");
  const digest = digests[algorithm as keyof typeof digests];
  const derived = await derive(password, salt, iterations, digest === "sha256" ? 32 : 20, digest);
  return derived.length === expected.length && timingSafeEqual(derived, expected);
}
