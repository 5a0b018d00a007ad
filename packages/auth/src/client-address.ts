import { createHmac, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { plainAddress, type ServiceEnv, type TrustedProxies } from "@quintet/http";

/** What a request says about the address of its client; `createAddressReader` decides what of it is trusted. */
export interface ClientAddress {
  /** The address at the other end of the connection. */
  peer: string | undefined;
  forwardedFor: string | undefined;
  /** The value of `vouchedHeader`, by which another process of this installation vouches for the address. */
  vouched: string | undefined;
  requestId?: string | undefined;
  /** The `User-Agent`, which is never believed, only shown. */
  userAgent?: string | undefined;
}

/** The header in which an app passes the address of its client to the issuer, signed. */
export const vouchedHeader = "X-Quintet-Client";

/** What a request says about the address of its client, from Hono's context. */
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
 * Determines the IP address of a client. It is the address that another process has vouched for with `key`; otherwise, if the
 * peer is one of `proxies`, the last address in X-Forwarded-For; otherwise the peer's own. `vouch` signs an address for
 * `vouchedHeader`.
 */
export function createAddressReader(proxies: TrustedProxies, key: Buffer) {
  const mac = (address: string) => createHmac("sha256", key).update(address).digest("base64url");
  const read = (clientAddress: ClientAddress | undefined): string | undefined => {
    if (clientAddress === undefined) return undefined;
    const { peer, forwardedFor, vouched } = clientAddress;
    if (vouched !== undefined) {
      const [address = "", given = ""] = vouched.split(";");
      const expected = Buffer.from(mac(address));
      const actual = Buffer.from(given);
      if (actual.length === expected.length && timingSafeEqual(actual, expected)) return address;
    }
    if (peer === undefined || forwardedFor === undefined) return peer;
    const last = forwardedFor.slice(forwardedFor.lastIndexOf(",") + 1).trim();
    return isIP(last) !== 0 && proxies.check(plainAddress(peer)) ? last : peer;
  };
  return { read, vouch: (address: string) => `${address};${mac(address)}` };
}
