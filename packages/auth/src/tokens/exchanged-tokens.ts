import { LRUCache } from "lru-cache";

const maxCached = 10_000;

// RFC 8693 sections 2.1 and 3.
export const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
export const accessTokenType = "urn:ietf:params:oauth:token-type:access_token";

/** The token of ours that a token of another issuer was exchanged for; `expiresIn` is in seconds. */
export interface ExchangedToken {
  token: string;
  expiresIn: number;
}

/** Exchanges a token of another issuer for one of ours; resolves to `undefined` when it is invalid. */
export type Exchange = (externalToken: string) => Promise<ExchangedToken | undefined>;

/**
 * Caches what tokens were exchanged for until our token expires. `read` checks our token: a revoked one is dropped together with
 * the exchange. `elapsed` is a monotonic clock in ms.
 */
export function exchangedTokens<T>(
  exchange: Exchange,
  read: (token: string) => Promise<T | undefined>,
  elapsed: () => number,
): (externalToken: string) => Promise<T | undefined> {
  const known = new LRUCache<string, { token: string; until: number }>({ max: maxCached });
  return async (externalToken) => {
    const found = known.get(externalToken);
    if (found && elapsed() < found.until) {
      const checked = await read(found.token);
      if (checked) return checked;
    }
    known.delete(externalToken);
    const startedAt = elapsed();
    const exchanged = await exchange(externalToken);
    if (!exchanged) return undefined;
    const checked = await read(exchanged.token);
    if (checked) known.set(externalToken, { token: exchanged.token, until: startedAt + exchanged.expiresIn * 1000 });
    return checked;
  };
}
