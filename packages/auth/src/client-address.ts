import { createHmac, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { plainAddress, type ServiceEnv, type TrustedProxies } from "@quintet/http";

/** What a request says of where it comes from; `addressReader` decides what of it is believed. */
export interface ClientAddress {
  /** The address at the other end of the connection. */
  peer: string | undefined;
  forwardedFor: string | undefined;
  /** What another process of this installation vouches for. */
  vouched: string | undefined;
  requestId?: string | undefined;
  /** The `User-Agent`, which is never believed, only shown. */
  userAgent?: string | undefined;
}

/** The header by which an app tells the issuer whose password it asks about. */
export const vouchedHeader = "X-Quintet-Client";

/** Where a request comes from, out of Hono's context. */
export function clientAddressOf(c: {
  env: unknown;
  req: { header(name: string): string | undefined };
  var: { requestId?: string };
}): ClientAddress {
  const { incoming } = (c.env ?? {}) as ServiceEnv["Bindings"];
  return {
    peer: incoming?.socket.remoteAddress,
    forwardedFor: c.req.header("x-forwarded-for"),
    vouched: c.req.header(vouchedHeader),
    requestId: c.var.requestId,
    userAgent: c.req.header("user-agent"),
  };
}

/**
 * Finds out whom a request comes from. A peer in `proxies` is believed in what it added last to X-Forwarded-For; whoever has
 * the installation's `key` in what it vouches for; anything else is the peer itself.
 */
export function createAddressReader(proxies: TrustedProxies, key: Buffer) {
  const mac = (address: string) => createHmac("sha256", key).update(address).digest("base64url");
  const read = (clientAddress: ClientAddress | undefined): string | undefined => {
    if (clientAddress === undefined) return undefined;
    const { peer, forwardedFor, vouched } = clientAddress;
    if (vouched !== undefined) {
      const [address = "", given = ""] = vouched.split(";");
      const wanted = Buffer.from(mac(address));
      const said = Buffer.from(given);
      if (said.length === wanted.length && timingSafeEqual(said, wanted)) return address;
    }
    if (peer === undefined || forwardedFor === undefined) return peer;
    const last = forwardedFor.slice(forwardedFor.lastIndexOf(",") + 1).trim();
    return isIP(last) !== 0 && proxies.check(plainAddress(peer)) ? last : peer;
  };
  return { read, vouch: (address: string) => `${address};${mac(address)}` };
}
