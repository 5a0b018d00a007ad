import { argon2Hash, verifyArgon2 } from "./argon2.ts";
import { verifyBcrypt } from "./bcrypt.ts";
import { pbkdf2Hash, verifyPbkdf2 } from "./pbkdf2.ts";

const verifiers = new Map([
  ["argon2", verifyArgon2],
  ["bcrypt", verifyBcrypt],
  ["bcrypt_sha256", verifyBcrypt],
  ["pbkdf2_sha1", verifyPbkdf2],
  ["pbkdf2_sha256", verifyPbkdf2],
]);

const makers = { argon2: argon2Hash, pbkdf2: pbkdf2Hash };

/** A task of a hash thread: verify a password against `encoded`, or create a hash of it. */
export type HashTask = { password: string } & ({ encoded: string } | { make: keyof typeof makers });

/** Whether the hash has a supported format. */
export function canVerify(encoded: string): boolean {
  return verifiers.has(algorithmOf(encoded));
}

/** Runs a task synchronously: tens of milliseconds of a core, and 19 MiB for Argon2id. */
export function doHashTask(task: HashTask): boolean | string {
  if ("make" in task) return makers[task.make](task.password);
  return verifiers.get(algorithmOf(task.encoded))?.(task.encoded, task.password) ?? false;
}

function algorithmOf(encoded: string): string {
  return encoded.split("$", 1)[0] ?? "";
}
