import { ifMatch, Problem } from "@quintet/http";
import type { User } from "./user.ts";

/** Who looks: everybody, or an account, which also sees emails. Each sees another representation. */
export type Viewer = "public" | "account";

/** The entity tag of a user as `viewer` sees it (RFC 9110 section 8.8.3): strong, one per version and representation. */
export function userEtag(user: Pick<User, "id" | "version">, viewer: Viewer): string {
  return `"${user.id}.${user.version}${viewer === "public" ? "p" : ""}"`;
}

/**
 * The version that an If-Match header allows to change (RFC 9110 section 13.1.1), undefined for `*`; throws
 * `precondition-failed` when it does not name the present one. A tag of either representation will do.
 */
export function matchingVersion(header: string, present: User): number | undefined {
  const found = ifMatch(header, [userEtag(present, "account"), userEtag(present, "public")]);
  if (found === "any") return undefined;
  if (found !== undefined) return present.version;
  throw new Problem("precondition-failed", "The user has another version than If-Match says. Read it again.");
}
