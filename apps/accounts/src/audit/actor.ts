import { type Origin, originOf } from "@quintet/auth";

/** Who does something, from where and in which request, for the audit log. */
export interface Actor {
  accountId: number | null;
  origin?: Origin | undefined;
}

/** The actor of a request. */
export function actorOf(c: Parameters<typeof originOf>[0] & { var: { account?: { id: number } } }): Actor {
  return { accountId: c.var.account?.id ?? null, origin: originOf(c) };
}
