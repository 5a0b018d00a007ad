import type { TLSSocket } from "node:tls";
import type { ServiceEnv, TrustedProxies } from "@quintet/http";
import { isLoopback, originAliases } from "./loopback-origins.ts";

/** The part of Hono's context that tells where a request comes from. */
export interface SiteRequest {
  env: unknown;
  req: { method: string; header(name: string): string | undefined };
}

/** The site of the pages, as browsers see it. */
export interface Site {
  /** `PUBLIC_URL`, an origin. */
  url: string;
  /** Whether the browser uses TLS, to this process or to a trusted proxy in front of it. */
  isSecure(c: SiteRequest): boolean;
  /**
   * Whether a page of this origin has sent the request, by `Sec-Fetch-Site` and `Origin`, which must agree. `unknown` without
   * either header: an old browser that follows a link, or no browser at all.
   */
  requestOrigin(c: SiteRequest): "same-origin" | "cross-origin" | "unknown";
  /**
   * Whether the cookies of a request authenticate it. A write must be known to come from this origin; a read may also be a link
   * that was followed or an address that was typed.
   */
  trustsCookies(c: SiteRequest): boolean;
}

/** Whether a method only reads (RFC 9110 section 9.2.1). */
export function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/**
 * The site at `publicUrl`. The `Host` of a request is not trusted, since with DNS rebinding an attacker chooses it.
 * `X-Forwarded-Proto` is trusted from `proxies` only.
 */
export function siteAt(publicUrl: string, proxies: TrustedProxies): Site {
  const isSecure = (c: SiteRequest): boolean => {
    if (publicUrl.startsWith("https:")) return true;
    const { incoming } = (c.env ?? {}) as ServiceEnv["Bindings"];
    if (incoming === undefined) return false;
    if ((incoming.socket as TLSSocket).encrypted) return true;
    const forwarded = c.req.header("x-forwarded-proto");
    const last = forwarded?.slice(forwarded.lastIndexOf(",") + 1).trim();
    return last === "https" && proxies.check(incoming.socket.remoteAddress ?? "");
  };
  const aliases = new Set(originAliases(publicUrl));
  const isOwnOrigin = (c: SiteRequest, origin: string): boolean => {
    if (aliases.has(origin)) return true;
    // On this machine the browser may use another port (of a container, of an app that runs alone), which only it knows.
    const isLocal = (url: string) => isLoopback(URL.parse(url)?.hostname ?? "");
    return isLocal(publicUrl) && isLocal(origin) && c.req.header("sec-fetch-site") === "same-origin";
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
