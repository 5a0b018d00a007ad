import type { RequestListener } from "node:http";
import { type Logger, plainAddress, type TrustedProxies, trustedProxies } from "@quintet/http";

const privateNetworks = trustedProxies("10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7");

/**
 * Warns once about a proxy in a private network that sends `X-Forwarded-For` but is not trusted: all of its clients then have the proxy's
 * address and share one rate limit.
 */
export function withUntrustedProxyWarning(
  listener: RequestListener,
  trusted: TrustedProxies,
  log: Logger,
): RequestListener {
  let warned = false;
  return (request, response) => {
    if (!warned && request.headers["x-forwarded-for"] !== undefined) {
      const peer = plainAddress(request.socket.remoteAddress ?? "");
      if (privateNetworks.check(peer) && !trusted.check(peer)) {
        warned = true;
        log.warn(`X-Forwarded-For of ${peer} is ignored; if it is your proxy, add it to TRUSTED_PROXIES`);
      }
    }
    listener(request, response);
  };
}
