import { ifMatch, Problem } from "@quintet/http";
import type { User } from "./user.ts";

/** `public`, or `account` for a signed-in account, which also sees emails. Each gets its own representation. */
export type Viewer = "public" | "account";

/** The entity tag of a user as `viewer` sees it (RFC 9110 section 8.8.3): strong, one per version and representation. */
export function userEtag(user: Pick<User, "id" | "version">, viewer: Viewer): string {
  return `"${user.id}.${user.version}${viewer === "public" ? "p" : ""}"`;
}

/**
 * The version that an If-Match header names (RFC 9110 section 13.1.1), undefined for `*`; throws `precondition-failed` when it is
 * not the current one. Accepts the ETag of either representation.
 */
export function matchingVersion(header: string, present: User): number | undefined {
  const found = ifMatch(header, [userEtag(present, "account"), userEtag(present, "public")]);
  if (found === "any") return undefined;
  if (found !== undefined) return present.version;
  throw new Problem("precondition-failed", "If-Match does not name the current version. Get the user again.");
}
