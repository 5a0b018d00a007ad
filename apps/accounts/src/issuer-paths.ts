/** Where the metadata of the issuer is, at the root of its origin (RFC 8414 section 3). */
export const metadataPath = "/.well-known/oauth-authorization-server";

/** Whether a path is answered by the issuer's app: all of `/auth`, and its metadata below `/.well-known`. */
export function belongsToIssuer(path: string): boolean {
  return path === "/auth" || path.startsWith("/auth/") || path === metadataPath;
}
