import { argon2Hash, isCurrentArgon2, verifyArgon2 } from "./argon2.ts";
import { verifyBcrypt } from "./bcrypt.ts";
import type { HashQueue } from "./hash-queue.ts";
import { catchUpPbkdf2, pbkdf2Hash, verifyPbkdf2 } from "./pbkdf2.ts";

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

/**
 * Password hashes in Django's formats, worked on in a bounded queue off the event loop. Without `rehash` a plain Django site
 * reads the same table: new hashes are what such a site makes itself, and no hash is old.
 */
export function passwordHashes(queue: HashQueue, { rehash = true } = {}) {
  return {
    /** A new hash: Argon2id, or PBKDF2 where a plain Django must read it. */
    make: (password: string): Promise<string> => queue(() => (rehash ? argon2Hash : pbkdf2Hash)(password)),
    /**
     * Whether the password is that of `encoded`. No hash, an unusable one (`!…`) and one of an unknown format never match
     * and take as long as a wrong password.
     */
    matches: (encoded: string | undefined, password: string): Promise<boolean> =>
      queue(async () => {
        const verify = verifiers.get(encoded?.split("$", 1)[0] ?? "");
        const known = verify !== undefined && encoded !== undefined && password.length <= longestPassword;
        if (known && (await verify(encoded, password))) return true;
        if (!rehash) await catchUpPbkdf2(known ? encoded : undefined, password.slice(0, longestPassword));
        else if (!known) await verifyArgon2(nobody, password.slice(0, longestPassword));
        return false;
      }),
    /** Whether a good password's hash should be replaced by what `make` makes today. */
    isOld: (encoded: string): boolean => rehash && !isCurrentArgon2(encoded),
  };
}
