import { argon2Hash, isCurrentArgon2, verifyArgon2 } from "./argon2.ts";
import { verifyBcrypt } from "./bcrypt.ts";
import type { HashQueue } from "./hash-queue.ts";
import { verifyPbkdf2 } from "./pbkdf2.ts";

const longestPassword = 4096;

const verifiers = new Map([
  ["argon2", verifyArgon2],
  ["bcrypt", verifyBcrypt],
  ["bcrypt_sha256", verifyBcrypt],
  ["pbkdf2_sha1", verifyPbkdf2],
  ["pbkdf2_sha256", verifyPbkdf2],
]);

// Of no password: it is checked where there is no hash, so that this takes as long as a wrong password.
const nobody =
  "argon2$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

export type PasswordHashes = ReturnType<typeof passwordHashes>;

/** Password hashes in Django's formats, worked on in a bounded queue off the event loop. */
export function passwordHashes(queue: HashQueue) {
  return {
    /** A new hash: Argon2id. */
    make: (password: string): Promise<string> => queue(() => argon2Hash(password)),
    /**
     * Whether the password is that of `encoded`. No hash, an unusable one (`!…`) and one of an unknown format never match
     * and take as long as a wrong password.
     */
    matches: (encoded: string | undefined, password: string): Promise<boolean> =>
      queue(async () => {
        const verify = verifiers.get(encoded?.split("$", 1)[0] ?? "");
        if (verify && encoded !== undefined && password.length <= longestPassword) return verify(encoded, password);
        await verifyArgon2(nobody, password.slice(0, longestPassword));
        return false;
      }),
    /** Whether a hash is not what `make` would make today. */
    isOld: (encoded: string): boolean => !isCurrentArgon2(encoded),
  };
}
