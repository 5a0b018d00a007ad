import type { TLSSocket } from "node:tls";
import type { ServiceEnv, TrustedProxies } from "@quintet/http";
import type { Context } from "hono";

/** Which hosts a client may have signed, and by which protocol it reaches them. */
export interface SignedHosts {
  /**
   * The Host header, that of a trusted proxy's client, and that of PUBLIC_URL, each also without and with the port that its protocol has by
   * default: proxies replace, add and remove it. A signature must fit one of them.
   */
  of(c: Context<ServiceEnv>): string[];
  /** `http:` or `https:`. */
  protocolOf(c: Context<ServiceEnv>, host: string): string;
}

export function signedHosts(publicUrl: string, proxies: TrustedProxies): SignedHosts {
  const site = new URL(publicUrl);
  const isProxied = (c: Context<ServiceEnv>) => proxies.check(c.env?.incoming?.socket.remoteAddress ?? "");
  const forwarded = (c: Context<ServiceEnv>, name: string) => {
    const value = isProxied(c) ? c.req.header(name) : undefined;
    return value?.slice(value.lastIndexOf(",") + 1).trim();
  };
  return {
    of(c) {
      const own = c.req.header("host") ?? new URL(c.req.url).host;
      const known = [own, forwarded(c, "x-forwarded-host"), site.host].filter((host) => host !== undefined);
      const spelled = known.flatMap((host) => [host, host.replace(/:(?:80|443)$/, ""), `${host}:443`, `${host}:80`]);
      return [...new Set(spelled)];
    },
    protocolOf(c, host) {
      if (host === site.host) return site.protocol;
      const proto = forwarded(c, "x-forwarded-proto");
      if (proto === "http" || proto === "https") return `${proto}:`;
      return (c.env?.incoming?.socket as TLSSocket | undefined)?.encrypted ? "https:" : "http:";
    },
  };
}
