import type { PageRequest, Person } from "@quintet/pages";
import type { Auth } from "../account.ts";
import { readSessionCookies } from "./cookies.ts";

/**
 * Whose browser asks, for the head of pages that need nobody to be signed in. Never fails and grants nothing: who cannot be known is
 * nobody.
 */
export function signedInAs(auth: Pick<Auth, "access" | "site">) {
  return async (c: PageRequest): Promise<Person | undefined> => {
    const { access } = readSessionCookies(auth.site, c);
    if (access === undefined || !auth.site.trustsCookies(c)) return undefined;
    const found = await auth.access(access).catch(() => undefined);
    return found && { username: found.account.username, isStaff: found.account.isStaff };
  };
}
