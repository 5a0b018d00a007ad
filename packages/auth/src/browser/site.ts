import type { TLSSocket } from "node:tls";
import type { ServiceEnv, TrustedProxies } from "@quintet/http";
import { isLoopback, originAliases } from "./loopback-origins.ts";

/** As much of Hono's context as it takes to say where a request comes from. */
export interface SiteRequest {
  env: unknown;
  req: { method: string; header(name: string): string | undefined };
}

/** Where the pages are, as browsers see it. */
export interface Site {
  /** `PUBLIC_URL`, an origin. */
  url: string;
  /** Whether the browser speaks TLS, to this process or to a trusted proxy in front of it. */
  isSecure(c: SiteRequest): boolean;
  /**
   * Whether a page of this origin has sent the request, as browsers tell by `Sec-Fetch-Site` and `Origin`, which must agree.
   * `unknown` when neither came: an old browser that follows a link, or no browser at all.
   */
  requestOrigin(c: SiteRequest): "same-origin" | "cross-origin" | "unknown";
  /**
   * Whether cookies may speak for somebody. What changes something must surely come from here; what only reads may also be
   * a link that was followed or typed.
   */
  trustsCookies(c: SiteRequest): boolean;
}

/** Whether a method only reads (RFC 9110 section 9.2.1). */
export function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/**
 * The site at `publicUrl`. What a request says of its host does not count: whoever leads a name of theirs here (DNS rebinding) chooses
 * it. `X-Forwarded-Proto` is believed of `proxies` only.
 */
export function siteAt(publicUrl: string, proxies: TrustedProxies): Site {
  const isSecure = (c: SiteRequest): boolean => {
    if (publicUrl.startsWith("https:")) return true;
    const { incoming } = (c.env ?? {}) as ServiceEnv["Bindings"];
    if (incoming === undefined) return false;
    if ((incoming.socket as TLSSocket).encrypted) return true;
    const said = c.req.header("x-forwarded-proto");
    const last = said?.slice(said.lastIndexOf(",") + 1).trim();
    return last === "https" && proxies.check(incoming.socket.remoteAddress ?? "");
  };
  const names = new Set(originAliases(publicUrl));
  const isOwnOrigin = (c: SiteRequest, origin: string): boolean => {
    if (names.has(origin)) return true;
    // On this machine the port may be another one in the browser (of a container, of an app by itself), which only the browser knows.
    const isHere = (url: string) => isLoopback(URL.parse(url)?.hostname ?? "");
    return isHere(publicUrl) && isHere(origin) && c.req.header("sec-fetch-site") === "same-origin";
  };
  const requestOrigin: Site["requestOrigin"] = (c) => {
    const site = c.req.header("sec-fetch-site");
    const origin = c.req.header("origin");
    if (origin !== undefined && !isOwnOrigin(c, origin)) return "cross-origin";
    if (site !== undefined) return site === "same-origin" ? "same-origin" : "cross-origin";
    return origin === undefined ? "unknown" : "same-origin";
  };
  return {
    url: publicUrl,
    isSecure,
    requestOrigin,
    trustsCookies(c) {
      const from = requestOrigin(c);
      if (!isSafe(c.req.method)) return from === "same-origin";
      const isNavigation =
        c.req.header("sec-fetch-mode") === "navigate" && c.req.header("sec-fetch-dest") === "document";
      return from !== "cross-origin" || isNavigation || c.req.header("sec-fetch-site") === "none";
    },
  };
}
