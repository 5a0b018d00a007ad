import { errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { accessTokenSeconds, audience } from "../access-token.ts";
import type { Access } from "../account.ts";
import type { RevokedTable, TokenIdentity } from "../revocation/revoked-table.ts";
import { readScopes } from "../scopes.ts";
import { type Exchange, exchangedTokens } from "./exchanged-tokens.ts";
import { issuerOf } from "./unverified-claims.ts";

/** The accepted difference between two clocks, in seconds. */
export const skewSeconds = 30;
const maxTokenLength = 12_288;
const maxCached = 20_000;

const claimsSchema = z.object({
  exp: z.number(),
  sub: z.string().regex(/^\d{1,15}$/),
  client_id: z.string(),
  jti: z.string(),
  scope: z.string(),
  username: z.string(),
  email: z.string(),
  staff: z.boolean(),
  created: z.string(),
  epoch: z.number().int().nonnegative().default(0),
  sid: z.string().optional(),
});

/** A valid token: what it allows, by what it can be revoked, and when it expires (ms, without skew). */
export interface CheckedToken {
  access: Access;
  identity: TokenIdentity;
  clientId: string;
  expiresAt: number;
}

/** A valid token in the cache, until the wall clock is at `until` or the monotonic one at `staleAt` (ms). */
interface CachedToken extends CheckedToken {
  token: string;
  until: number;
  staleAt: number;
  version: number;
}

/** The key of a token in the cache: a part of its signature, because to hash the whole text would take longer than everything else. */
const keyOf = (token: string) => token.slice(-40);

/**
 * The check of access tokens: EdDSA only, `typ`, issuer, audience, times with 30 s of clock skew, and `revoked`. A valid token is
 * cached until it expires, so that the next check is one lookup; concurrent equal tokens share one check. A token of another issuer
 * is exchanged for one of ours. `keys` finds the public key by `kid`; its errors other than jose's are rethrown. `now` is the wall
 * clock and `elapsed` a monotonic one, both in ms.
 */
export function createTokenCheck(options: {
  issuer: string;
  keys: JWTVerifyGetKey;
  revoked: RevokedTable;
  /** Exchanges tokens of other issuers; without it they are invalid. */
  exchange?: Exchange | undefined;
  now: () => number;
  elapsed: () => number;
}) {
  const { issuer, keys, revoked, exchange, now, elapsed } = options;
  const good = new LRUCache<string, CachedToken>({ max: maxCached });
  const running = new Map<string, Promise<CheckedToken | undefined>>();

  const verify = async (token: string): Promise<CheckedToken | undefined> => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ["EdDSA"],
        typ: "at+jwt",
        issuer,
        audience,
        clockTolerance: skewSeconds,
        maxTokenAge: accessTokenSeconds,
        requiredClaims: ["exp", "sub", "client_id", "jti"],
        currentDate: new Date(now()),
      });
      const claims = claimsSchema.safeParse(payload);
      if (!claims.success) return undefined;
      const { sub, username, email, staff, created, exp, scope, epoch, sid, jti, client_id } = claims.data;
      const account = { id: Number(sub), username, email, isStaff: staff, createdAt: created };
      const identity = { accountId: account.id, epoch, session: sid, tokenId: jti };
      const version = revoked.version();
      if (!revoked.allows(identity)) return undefined;
      const access = { account, scopes: readScopes(scope), session: sid };
      const checked = { access, identity, clientId: client_id, expiresAt: exp * 1000 };
      // Bounded by both clocks: a wall clock that is set back does not prolong it.
      const until = (exp + skewSeconds) * 1000;
      good.set(keyOf(token), { ...checked, token, until, staleAt: elapsed() + until - now(), version });
      return checked;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  };

  const cached = (token: string): CheckedToken | undefined => {
    const key = keyOf(token);
    const found = good.get(key);
    if (found?.token !== token) return undefined;
    const version = revoked.version();
    if (
      now() < found.until &&
      elapsed() < found.staleAt &&
      (found.version === version || revoked.allows(found.identity))
    ) {
      found.version = version;
      return found;
    }
    good.delete(key);
    return undefined;
  };

  const read = async (token: string): Promise<CheckedToken | undefined> => {
    const waiting = revoked.ensureCurrent();
    if (waiting) await waiting;
    const found = cached(token);
    if (found) return found;
    if (token.length > maxTokenLength) return undefined;
    let check = running.get(token);
    if (!check) {
      const isExternal = readExternal && (issuerOf(token) ?? issuer) !== issuer;
      check = (isExternal ? readExternal(token) : verify(token)).finally(() => running.delete(token));
      running.set(token, check);
    }
    return check;
  };
  const readExternal = exchange && exchangedTokens(exchange, read, elapsed);
  /** A valid token of the cache, at once; `undefined` for any other. */
  const known = (token: string) => (revoked.isCurrent() ? cached(token) : undefined);
  return Object.assign(read, { known });
}
