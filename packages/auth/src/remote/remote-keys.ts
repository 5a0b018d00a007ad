import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";

const pauseAfterFailureMs = 1000;
const staleMs = 5 * 60_000;

interface KnownKeys {
  find: ReturnType<typeof createLocalJWKSet>;
  kids: Set<string | undefined>;
  fetchedAt: number;
}

/**
 * The public keys of an issuer. They are fetched when first needed, again for an unknown `kid` (at most every `pauseMs`), and in the
 * background when they are 5 minutes old. While the issuer is unavailable the known keys remain in use; when there are none, the
 * error of `fetchKeys` is thrown. `elapsed` is a monotonic clock in ms.
 */
export function remoteKeys(
  fetchKeys: () => Promise<JSONWebKeySet>,
  elapsed: () => number,
  pauseMs = 10_000,
): JWTVerifyGetKey {
  let known: KnownKeys | undefined;
  let failed: { error: unknown } | undefined;
  let attemptedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;

  const load = async () => {
    attemptedAt = elapsed();
    try {
      const set = await fetchKeys();
      known = { find: createLocalJWKSet(set), kids: new Set(set.keys.map((key) => key.kid)), fetchedAt: elapsed() };
      failed = undefined;
    } catch (error) {
      failed = { error };
    }
  };
  /** Loads again unless the last attempt is less than `pause` ms ago; concurrent callers share one load. */
  const refresh = (pause: number): Promise<void> | undefined => {
    if (!running && elapsed() - attemptedAt >= pause) {
      running = load().finally(() => {
        running = undefined;
      });
    }
    return running;
  };

  return async (header, token) => {
    if (!known) await refresh(failed ? pauseAfterFailureMs : 0);
    else if (!known.kids.has(header.kid)) await refresh(pauseMs);
    else if (elapsed() - known.fetchedAt > staleMs) refresh(pauseMs)?.catch(() => {}); // The error is kept in `failed`.
    if (!known) throw failed?.error ?? new errors.JWKSNoMatchingKey();
    if (header.kid === undefined || !known.kids.has(header.kid)) throw new errors.JWKSNoMatchingKey();
    return known.find(header, token);
  };
}
