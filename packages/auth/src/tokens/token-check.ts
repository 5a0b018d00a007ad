import { errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Account } from "../account.ts";
import { accessTokenSeconds, audience } from "./access-token.ts";

const skewSeconds = 30;
const longestToken = 8192;
const remembered = 20_000;

const claimsSchema = z.object({
  exp: z.number(),
  sub: z.string().regex(/^\d{1,15}$/),
  username: z.string(),
  email: z.string(),
  staff: z.boolean(),
  created: z.string(),
});

/**
 * The check of access tokens: EdDSA only, `typ`, issuer, audience and times with 30 s of clock skew. A good token is
 * remembered until it expires, so that the next check is one lookup; equal tokens that come together share one check.
 * `keys` finds the public key by `kid`; what it throws beside jose's errors is passed on. `now` is in ms.
 */
export function tokenCheck(options: { issuer: string; keys: JWTVerifyGetKey; now: () => number }) {
  const { issuer, keys, now } = options;
  const good = new LRUCache<string, { account: Account; until: number }>({ max: remembered });
  const running = new Map<string, Promise<Account | undefined>>();

  const verify = async (token: string): Promise<Account | undefined> => {
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
      const { sub, username, email, staff, created, exp } = claims.data;
      const account = { id: Number(sub), username, email, isStaff: staff, createdAt: created };
      good.set(token, { account, until: (exp + skewSeconds) * 1000 });
      return account;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  };

  return async (token: string): Promise<Account | undefined> => {
    const found = good.get(token);
    if (found) {
      if (now() < found.until) return found.account;
      good.delete(token);
    }
    if (token.length > longestToken) return undefined;
    let check = running.get(token);
    if (!check) {
      check = verify(token).finally(() => running.delete(token));
      running.set(token, check);
    }
    return check;
  };
}
