import { createHmac } from "node:crypto";
import { Problem } from "@quintet/http";
import type { Budget, Budgets } from "./budgets.ts";
import { networkOf } from "./login-limits.ts";

const none = { attempts: 0, eachMs: 0 };

/** Takes one attempt out of the budget of an address; throws a 429 with `Retry-After` when that is empty. */
export type AddressLimit = (address: string | undefined) => Promise<void>;

/**
 * Limits what one address (a /64 of IPv6) may do. It is counted below `name` under a digest with `key`, so that the store knows
 * no addresses; without an address nothing is counted. `detail` is what the 429 says.
 */
export function createAddressLimit(options: {
  budgets: Budgets;
  name: string;
  key: Buffer;
  budget: Budget;
  detail: string;
}): AddressLimit {
  const { budgets, name, key, budget, detail } = options;
  return async (address) => {
    if (address === undefined || budget.attempts === 0) return;
    const digest = createHmac("sha256", key)
      .update(`address ${networkOf(address)}`)
      .digest("base64url");
    const counted = `${name}:${digest.slice(0, 22)}`;
    const wait = await budgets.take([counted, counted, counted, `${counted}:known`], [none, budget, none]);
    if (wait === 0) return;
    throw new Problem("too-many-requests", detail, { headers: { "Retry-After": String(Math.ceil(wait / 1000)) } });
  };
}
