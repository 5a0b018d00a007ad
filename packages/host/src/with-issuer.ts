import { belongsToIssuer, pathOf } from "@quintet/accounts";
import type { WebApp } from "@quintet/http";

/** The app with the issuer's app beside it, when the process is its own issuer; otherwise the app as it is. */
export function withIssuer(app: WebApp, issuer: { app?: WebApp | undefined }): WebApp {
  const accounts = issuer.app;
  if (!accounts) return app;
  return {
    fetch: (request, env) => (belongsToIssuer(pathOf(request.url)) ? accounts : app).fetch(request, env),
  };
}
