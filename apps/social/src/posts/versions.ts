import { Problem } from "@quintet/http";

/** A strong entity tag of a post: its id, its version, and the digest of what the viewer sees, which changes more often. */
const postTag = /(?<!W\/)"(\d{1,15})\.(\d{1,9})-[\w-]+"/g;

/**
 * The versions of a post that an If-Match header names (RFC 9110 section 13.1.1); undefined for `*` or without a header, which fit every
 * version. The rest of a tag is not compared: a vote for a post must not keep its owner from changing it.
 */
export function matchedVersions(header: string | undefined, id: number): number[] | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  return [...header.matchAll(postTag)].filter(([, of]) => Number(of) === id).map(([, , version]) => Number(version));
}

export function otherVersion(): Problem {
  return new Problem("precondition-failed", "If-Match does not name the current version. Get the post again.");
}
