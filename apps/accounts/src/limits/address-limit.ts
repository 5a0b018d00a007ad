import { createHmac } from "node:crypto";
import { Problem } from "@quintet/http";
import type { Budget, Budgets } from "./budgets.ts";
import { networkOf } from "./login-limits.ts";

const none = { attempts: 0, eachMs: 0 };

/** Takes one attempt from the budget of an address; throws a 429 with `Retry-After` when it is empty. */
export type AddressLimit = (address: string | undefined) => Promise<void>;

/**
 * Limits the attempts of one address (a /64 of IPv6). They are counted under `name` and a digest with `key`, so that the store contains
 * no addresses; without an address nothing is counted. `detail` is that of the 429.
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
