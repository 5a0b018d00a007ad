import type { WebApp } from "@quintet/http";
import type { OpenedAuth } from "./open-auth.ts";
import { urlPath } from "./url-path.ts";

/** The app with the issuer's routes beside it, when the process is its own issuer; otherwise the app as it is. */
export function withIssuer(app: WebApp, { app: issuer, owns }: Pick<OpenedAuth, "app" | "owns">): WebApp {
  if (!issuer) return app;
  return { fetch: (request, env) => (owns(urlPath(request.url)) ? issuer : app).fetch(request, env) };
}
