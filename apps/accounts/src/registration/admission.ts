import type { ClientAddress } from "@quintet/auth";
import { Problem } from "@quintet/http";
import type { AddressLimit } from "../limits/address-limit.ts";

/** Who may create an account: anyone, only staff, or anyone with an invitation of staff. */
export const registrationModes = ["open", "closed", "invite"] as const;
export type RegistrationMode = (typeof registrationModes)[number];

/** How many registrations in a row one address may attempt by default. */
export const defaultRegistrations = 30;
/** After how many ms one more attempt is allowed. */
export const registrationEachMs = 2 * 60_000;

/** Decides whether an account may be created without staff. */
export interface Admission {
  mode: RegistrationMode;
  /**
   * Counts one attempt from an address, before the request is validated, so that invalid requests and taken names count as well.
   * Throws a `forbidden` problem when registration is closed, a 429 with `Retry-After` after too many attempts.
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

/** The error detail when registration is closed. */
export const closedText = "Only staff can create accounts here. Ask staff for one.";
