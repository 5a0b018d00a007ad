import { isCurrentArgon2 } from "./argon2.ts";
import { failureDelay } from "./failure-delay.ts";
import type { HashQueue } from "./hash-queue.ts";
import { canVerify } from "./hash-task.ts";
import type { HashThreads } from "./hash-threads.ts";

const longestPassword = 4096;

// Of no password: it is checked where there is no hash, so that this costs as much as a wrong password.
const nobody =
  "argon2$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

export type PasswordHashes = ReturnType<typeof createPasswordHashes>;

/**
 * Password hashes in Django's formats, worked on in a bounded queue by `threads`. Without `rehash` a plain Django site
 * reads the same table: new hashes are what such a site makes itself, and no hash is old.
 */
export function createPasswordHashes(queue: HashQueue, threads: HashThreads, { rehash = true } = {}) {
  const time = failureDelay();
  const check = async (encoded: string, password: string): Promise<boolean> => {
    if (!canVerify(encoded) || password.length > longestPassword) {
      await threads.verify(nobody, password.slice(0, longestPassword));
      return false;
    }
    const start = performance.now();
    const { good, cpuMs } = await threads.verify(encoded, password);
    time.note(encoded, cpuMs, performance.now() - start);
    return good;
  };
  const matches = async (encoded: string | undefined, password: string): Promise<boolean> => {
    const { good, held } = await queue(async () => {
      const held = time.sinceWork();
      return { good: await check(encoded ?? nobody, password), held };
    });
    if (!good) await held;
    return good;
  };
  return {
    /** A new hash: Argon2id, or PBKDF2 where a plain Django must read it. */
    make: (password: string): Promise<string> => queue(() => threads.make(rehash ? "argon2" : "pbkdf2", password)),
    /**
     * Whether the password is that of `encoded`. No hash, an unusable one (`!…`) and one of an unknown format never match.
     * All that do not match take the same time, whatever the hash (`failure-delay.ts`), without keeping their place in the queue.
     */
    matches,
    /** What a sign-in begins before it looks for the account and waits for before it refuses. */
    refusal: () => time.sinceRequest(),
    /** Times each kind of hash in `samples` that was not seen yet. */
    async learn(samples: string[]): Promise<void> {
      for (const sample of samples) if (!time.knows(sample)) await queue(() => check(sample, ""));
    },
    /** Whether a good password's hash should be replaced by what `make` makes today. */
    isOld: (encoded: string): boolean => rehash && !isCurrentArgon2(encoded),
  };
}
