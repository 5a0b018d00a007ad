import { decodeJwt } from "jose";

/** The unverified `iss` of a token; `undefined` when it is no JWT. */
export function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

/** The unverified `iat` of a token in ms; 0 when it has none. */
export function issuedAt(token: string): number {
  try {
    return (decodeJwt(token).iat ?? 0) * 1000;
  } catch {
    return 0;
  }
}
