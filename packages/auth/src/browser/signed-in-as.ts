import type { PageRequest, Person } from "@quintet/pages";
import type { Auth } from "../account.ts";
import { readSessionCookies } from "./cookies.ts";

/**
 * The user who is signed in in a browser, for the header of pages without a guard. It grants nothing and never throws; `undefined`
 * when the user cannot be determined.
 */
export function signedInAs(auth: Pick<Auth, "access" | "site">) {
  return async (c: PageRequest): Promise<Person | undefined> => {
    const { access } = readSessionCookies(auth.site, c);
    if (access === undefined || !auth.site.trustsCookies(c)) return undefined;
    const found = await auth.access(access).catch(() => undefined);
    return found && { username: found.account.username, isStaff: found.account.isStaff };
  };
}
