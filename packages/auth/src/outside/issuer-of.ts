import { decodeJwt } from "jose";

/** The issuer that a token names, unverified; `undefined` when it is no JWT. */
export function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}
