import { decodeJwt } from "jose";

/** The issuer that a token names, unverified; `undefined` when it is no JWT. */
export function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

/** When a token says that it was made (ms), unverified; 0 when it does not. */
export function issuedAt(token: string): number {
  try {
    return (decodeJwt(token).iat ?? 0) * 1000;
  } catch {
    return 0;
  }
}
