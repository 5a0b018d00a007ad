import type { ClientAddress } from "@quintet/auth";
import type { SeenFrom } from "../tokens/refresh-token-queries.ts";

/** Where a request comes from, as a session keeps it. */
export type ReadSeenFrom = (clientAddress: ClientAddress | undefined) => SeenFrom;

export function createReadSeenFrom(
  addressOf: (clientAddress: ClientAddress | undefined) => string | undefined,
): ReadSeenFrom {
  return (clientAddress) => ({
    address: addressOf(clientAddress)?.slice(0, 64) ?? null,
    userAgent: clientAddress?.userAgent?.slice(0, 255) ?? null,
  });
}
