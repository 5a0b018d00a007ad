import { createHmac, randomBytes } from "node:crypto";

/**
 * Creates a secret of 43 characters that is shown in the response to one request and stored only as a digest. It is random; for a
 * request with an `Idempotency-Key` it is derived with `key` from that and from what is recorded of the request, so that a repeated
 * request gets the same response.
 */
export function oneTimeSecret(key: Buffer, requestKey: string | undefined): (recorded: string) => string {
  const seed = requestKey ?? randomBytes(32).toString("base64url");
  return (recorded) => createHmac("sha256", key).update(`${seed} ${recorded}`).digest("base64url");
}
