import { etagOf, ifMatch, Problem } from "@quintet/http";
import type { Property } from "./property.ts";

/** The entity tag of a property: a hash of its fields and status, so that a change by any other program is another version too. */
export function propertyEtag(property: Property): string {
  return etagOf(JSON.stringify(property));
}

/**
 * Throws `precondition-failed` when an If-Match header (RFC 9110 section 13.1.1) names another version than `present`, which must be locked
 * until the change is committed.
 */
export function requireVersion(header: string, present: Property): void {
  if (ifMatch(header, [propertyEtag(present)]) !== undefined) return;
  throw new Problem("precondition-failed", "If-Match does not name the current version. Get the property again.");
}
