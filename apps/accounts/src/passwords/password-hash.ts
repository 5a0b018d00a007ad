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
 * Password hashes in Django's formats, computed by `threads` from a bounded queue. Without `rehash` a plain Django site uses the
 * same table: new hashes are what such a site creates itself, and no hash is outdated.
 */
export function createPasswordHashes(queue: HashQueue, threads: HashThreads, { rehash = true } = {}) {
  const delay = failureDelay();
  const check = async (encoded: string, password: string): Promise<boolean> => {
    if (!canVerify(encoded) || password.length > longestPassword) {
      await threads.verify(nobody, password.slice(0, longestPassword));
      return false;
    }
    const start = performance.now();
    const { good, cpuMs } = await threads.verify(encoded, password);
    delay.note(encoded, cpuMs, performance.now() - start);
    return good;
  };
  const matches = async (encoded: string | undefined, password: string): Promise<boolean> => {
    const { good, held } = await queue(async () => {
      const held = delay.sinceWork();
      return { good: await check(encoded ?? nobody, password), held };
    });
    if (!good) await held;
    return good;
  };
  return {
    /** Creates a hash: Argon2id, or PBKDF2 where a plain Django site must read it. */
    make: (password: string): Promise<string> => queue(() => threads.make(rehash ? "argon2" : "pbkdf2", password)),
    /**
     * Whether the password matches `encoded`. No hash, an unusable one (`!…`) and one of an unknown format never match. Every
     * mismatch takes the same time, whatever the hash (`failure-delay.ts`), without occupying a place in the queue.
     */
    matches,
    /** The delay of a failed sign-in: started before the account is looked up, and awaited before the failure. */
    failureDelay: () => delay.sinceRequest(),
    /** Measures each kind of hash in `samples` that has not been measured yet. */
    async learn(samples: string[]): Promise<void> {
      for (const sample of samples) if (!delay.knows(sample)) await queue(() => check(sample, ""));
    },
    /** Whether the hash of a correct password should be replaced by a new one. */
    isOutdated: (encoded: string): boolean => rehash && !isCurrentArgon2(encoded),
  };
}
