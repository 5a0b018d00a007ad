import type { ClientAddress } from "@quintet/auth";
import { Problem } from "@quintet/http";
import type { AddressLimit } from "../limits/address-limit.ts";

/** Who may make an account: everybody, nobody but staff, or whoever has an invitation of staff. */
export const registrationModes = ["open", "closed", "invite"] as const;
export type RegistrationMode = (typeof registrationModes)[number];

/** How many times in a row one address may try to make an account. */
export const defaultRegistrations = 30;
/** How long one of them takes to come back, in ms. */
export const registrationEachMs = 2 * 60_000;

/** Decides who may try to make an account. Staff does not come here. */
export interface Admission {
  mode: RegistrationMode;
  /**
   * Counts one attempt from an address, before anything of it is looked at, so that neither a refused shape nor a name that is
   * taken is free. A `forbidden` problem where nobody may, a 429 with `Retry-After` when the budget is empty.
   */
  admit(clientAddress: ClientAddress | undefined): Promise<void>;
}

export function createAdmission(options: {
  mode: RegistrationMode;
  limit: AddressLimit;
  addressOf: (clientAddress: ClientAddress | undefined) => string | undefined;
}): Admission {
  const { mode, limit, addressOf } = options;
  return {
    mode,
    async admit(clientAddress) {
      if (mode === "closed") throw new Problem("forbidden", closedText);
      await limit(addressOf(clientAddress));
    },
  };
}

/** What somebody hears who wants to make an account where nobody may. */
export const closedText = "Accounts are made by staff here. Ask them for one.";
