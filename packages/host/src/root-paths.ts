import type { WebApp } from "@quintet/http";
import { urlPath } from "./url-path.ts";

/** What everybody tries first with a program that listens. */
const paths = new Set(["/", "/docs", "/health", "/openapi.json"]);

/**
 * An app that runs alone, of which the paths at the root lead to where it has them, below its prefix. Status 307 (RFC 9110 section 15.4.8):
 * which app is at this address may change, and a browser keeps a 301 or 308. Many probes take any 3xx for well, so `/health` leads on only
 * while the app is well, and otherwise responds itself as the app does.
 */
export function withRootPaths(app: WebApp, prefix: string): WebApp {
  return {
    fetch(request, env) {
      const path = urlPath(request.url);
      const isRoot = paths.has(path) && (request.method === "GET" || request.method === "HEAD");
      return isRoot ? leadOn(request, env, path) : app.fetch(request, env);
    },
  };

  async function leadOn(request: Request, env: object, path: string): Promise<Response> {
    if (path === "/health") {
      const { method, headers } = request;
      const response = await app.fetch(new Request(new URL(`${prefix}/health`, request.url), { method, headers }), env);
      if (!response.ok) return response;
    }
    const location = path === "/" ? prefix : `${prefix}${path}`;
    return new Response(null, { status: 307, headers: { Location: location, "Cache-Control": "no-store" } });
  }
}
