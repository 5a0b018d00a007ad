/** The path of the issuer's metadata, at the root of its origin (RFC 8414 section 3). */
export const metadataPath = "/.well-known/oauth-authorization-server";

/** Whether a path belongs to the issuer: all of `/auth`, and its metadata below `/.well-known`. */
export function belongsToIssuer(path: string): boolean {
  return path === "/auth" || path.startsWith("/auth/") || path === metadataPath;
}
