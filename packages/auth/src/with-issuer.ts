/** A web application as far as serving it goes; every Hono app is one. */
export interface WebApp {
  fetch: (request: Request, env: object) => Response | Promise<Response>;
}

/** Where the metadata of the issuer is, at the root of its origin (RFC 8414 section 3). */
export const metadataPath = "/.well-known/oauth-authorization-server";

/** Whether a path is answered by the issuer's app: all of `/auth`, and its metadata below `/.well-known`. */
export function belongsToIssuer(path: string): boolean {
  return path === "/auth" || path.startsWith("/auth/") || path === metadataPath;
}

/** The app with the issuer's app beside it, when the process is its own issuer; otherwise the app as it is. */
export function withIssuer(app: WebApp, issuer: { app?: WebApp | undefined }): WebApp {
  const accounts = issuer.app;
  if (!accounts) return app;
  return {
    fetch: (request, env) => (belongsToIssuer(pathOf(request.url)) ? accounts : app).fetch(request, env),
  };
}

/** The path of an absolute URL, without building a URL object per request. */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  const end = url.slice(start).search(/[?#]/);
  return end < 0 ? url.slice(start) : url.slice(start, start + end);
}
