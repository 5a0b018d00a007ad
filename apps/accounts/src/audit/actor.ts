import { type ClientAddress, clientAddressOf } from "@quintet/auth";

/** The account that acts, and from where, for the audit log. */
export interface Actor {
  accountId: number | null;
  clientAddress?: ClientAddress | undefined;
}

/** The actor of a request. */
export function actorOf(c: Parameters<typeof clientAddressOf>[0] & { var: { account?: { id: number } } }): Actor {
  return { accountId: c.var.account?.id ?? null, clientAddress: clientAddressOf(c) };
}
