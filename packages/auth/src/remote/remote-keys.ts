import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";

const pauseAfterFailureMs = 1000;
const oldMs = 5 * 60_000;

interface KnownKeys {
  find: ReturnType<typeof createLocalJWKSet>;
  kids: Set<string | undefined>;
  fetchedAt: number;
}

/**
 * The issuer's public keys: fetched at the first need, again for an unknown `kid` (at most every `pauseMs`), and in the
 * background when they are 5 minutes old. While the issuer is away the keys that are known go on being used; when none are
 * known what `fetchKeys` threw is thrown. `elapsed` is in ms.
 */
export function remoteKeys(
  fetchKeys: () => Promise<JSONWebKeySet>,
  elapsed: () => number,
  pauseMs = 10_000,
): JWTVerifyGetKey {
  let known: KnownKeys | undefined;
  let failed: { error: unknown } | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;

  const load = async () => {
    triedAt = elapsed();
    try {
      const set = await fetchKeys();
      known = { find: createLocalJWKSet(set), kids: new Set(set.keys.map((key) => key.kid)), fetchedAt: elapsed() };
      failed = undefined;
    } catch (error) {
      failed = { error };
    }
  };
  /** Loads again unless that was tried a short time ago; callers that come together share one load. */
  const refresh = (pause: number): Promise<void> | undefined => {
    if (!running && elapsed() - triedAt >= pause) {
      running = load().finally(() => {
        running = undefined;
      });
    }
    return running;
  };

  return async (header, token) => {
    if (!known) await refresh(failed ? pauseAfterFailureMs : 0);
    else if (!known.kids.has(header.kid)) await refresh(pauseMs);
    else if (elapsed() - known.fetchedAt > oldMs) refresh(pauseMs)?.catch(() => {}); // What fails is kept.
    if (!known) throw failed?.error ?? new errors.JWKSNoMatchingKey();
    if (header.kid === undefined || !known.kids.has(header.kid)) throw new errors.JWKSNoMatchingKey();
    return known.find(header, token);
  };
}
