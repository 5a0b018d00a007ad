import { LRUCache } from "lru-cache";

const remembered = 10_000;

// RFC 8693 sections 2.1 and 3.
export const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
export const accessTokenType = "urn:ietf:params:oauth:token-type:access_token";

/** A token of ours that stands for a token of another issuer; `expiresIn` is in seconds. */
export interface ExchangedToken {
  token: string;
  expiresIn: number;
}

/** Our token for another issuer's; `undefined` when that is not good. */
export type Exchange = (outsideToken: string) => Promise<ExchangedToken | undefined>;

/**
 * Remembers what tokens were exchanged for, until ours expire; equal ones that come together share one exchange. `read` is how
 * ours are checked: one that is revoked is forgotten with what it stood for. `elapsed` is in ms.
 */
export function exchangedTokens<T>(
  exchange: Exchange,
  read: (token: string) => Promise<T | undefined>,
  elapsed: () => number,
): (outsideToken: string) => Promise<T | undefined> {
  const known = new LRUCache<string, { token: string; until: number }>({ max: remembered });
  return async (outsideToken) => {
    const found = known.get(outsideToken);
    if (found && elapsed() < found.until) {
      const checked = await read(found.token);
      if (checked) return checked;
    }
    known.delete(outsideToken);
    const asked = elapsed();
    const exchanged = await exchange(outsideToken);
    if (!exchanged) return undefined;
    const checked = await read(exchanged.token);
    if (checked) known.set(outsideToken, { token: exchanged.token, until: asked + exchanged.expiresIn * 1000 });
    return checked;
  };
}
