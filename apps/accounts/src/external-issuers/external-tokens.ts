import { issuerOf, remoteKeys, skewSeconds } from "@quintet/auth/issuer";
import { type Logger, Problem } from "@quintet/http";
import { decodeProtectedHeader, type JWTVerifyGetKey, jwtVerify } from "jose";
import { discoverKeys } from "./discovery.ts";
import { type ExternalClaims, readExternalClaims } from "./external-claims.ts";
import type { ExternalIssuer } from "./external-issuers-setting.ts";

const headerTypes = [undefined, "jwt", "at+jwt", "application/at+jwt"];
const pauseMs = 30_000;

/** The claims of a valid token of a listed issuer; `undefined` for any other text; throws a 503 while its keys are unavailable. */
export type ReadExternalToken = (token: string) => Promise<ExternalClaims | undefined>;

/**
 * Verifies tokens of other issuers, with 30 s of clock skew. Keys are fetched when first needed, again for an unknown `kid` (at most
 * every 30 s), and every 5 minutes in the background; while an issuer is unavailable its known keys remain in use. `now` is the
 * wall clock and `elapsed` a monotonic one, both in ms.
 */
export function createExternalTokens(options: {
  issuers: ExternalIssuer[];
  log: Logger;
  now: () => number;
  elapsed: () => number;
}): ReadExternalToken {
  const { issuers, log, now, elapsed } = options;
  const known = new Map(issuers.map((from) => [from.issuer, { from, keys: keysOf(from.issuer, log, elapsed) }]));
  return async (token) => {
    const found = known.get(issuerOf(token) ?? "");
    if (!found) return undefined;
    const { from, keys } = found;
    const verified = await verify(token, keys, from, now());
    return verified && readExternalClaims(verified, from, now() / 1000, skewSeconds);
  };
}

async function verify(token: string, keys: JWTVerifyGetKey, from: ExternalIssuer, now: number) {
  let unavailable: unknown;
  const keyFor: JWTVerifyGetKey = async (header, jws) => {
    try {
      return await keys(header, jws);
    } catch (error) {
      unavailable = error;
      throw error;
    }
  };
  try {
    if (!headerTypes.includes(decodeProtectedHeader(token).typ?.toLowerCase())) return undefined;
    const { payload } = await jwtVerify(token, keyFor, {
      algorithms: from.algorithms,
      issuer: from.issuer,
      clockTolerance: skewSeconds,
      requiredClaims: ["exp", "iat", "sub"],
      currentDate: new Date(now),
    });
    return payload;
  } catch (error) {
    if (error === unavailable && error instanceof Problem) throw error;
    return undefined; // Any fault of the token, and also a key that is too short.
  }
}

function keysOf(issuer: string, log: Logger, elapsed: () => number): JWTVerifyGetKey {
  const fetchKeys = async () => {
    try {
      return await discoverKeys(issuer);
    } catch (error) {
      log.warn(
        { err: error instanceof Error ? error.cause : error },
        "Keys of an external issuer could not be fetched",
      );
      throw error;
    }
  };
  return remoteKeys(fetchKeys, elapsed, pauseMs);
}
