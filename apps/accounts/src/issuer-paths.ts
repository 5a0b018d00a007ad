/** Where the metadata of the issuer is, at the root of its origin (RFC 8414 section 3). */
export const metadataPath = "/.well-known/oauth-authorization-server";

/** Whether a path is answered by the issuer's app: all of `/auth`, and its metadata below `/.well-known`. */
export function belongsToIssuer(path: string): boolean {
  return path === "/auth" || path.startsWith("/auth/") || path === metadataPath;
}

/** The path of an absolute URL, without building a URL object per request. */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  const end = url.slice(start).search(/[?#]/);
  return end < 0 ? url.slice(start) : url.slice(start, start + end);
}
