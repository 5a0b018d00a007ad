import { createHmac, randomBytes } from "node:crypto";

/**
 * Makes a secret of 43 characters that is told in answer to one request and stored as a digest only. It is random; or, for a request with
 * an `Idempotency-Key`, made with `key` out of that and of what is recorded of the request, so that it can be told again when
 * the request comes again.
 */
export function oneTimeSecret(key: Buffer, requestKey: string | undefined): (recorded: string) => string {
  const seed = requestKey ?? randomBytes(32).toString("base64url");
  return (recorded) => createHmac("sha256", key).update(`${seed} ${recorded}`).digest("base64url");
}
