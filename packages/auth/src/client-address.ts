import { createHmac, timingSafeEqual } from "node:crypto";
import { BlockList, isIP, isIPv4 } from "node:net";
import { ConfigError, type ServiceEnv } from "@quintet/http";

/** What a request says of where it comes from; `addressReader` decides what of it is believed. */
export interface Origin {
  /** The address at the other end of the connection. */
  peer: string | undefined;
  forwardedFor: string | undefined;
  /** What another process of this installation vouches for. */
  vouched: string | undefined;
}

/** The header by which an app tells the issuer whose password it asks about. */
export const vouchedHeader = "X-Quintet-Client";

/** The origin of a request, from Hono's context. */
export function originOf(c: { env: unknown; req: { header(name: string): string | undefined } }): Origin {
  const { incoming } = (c.env ?? {}) as ServiceEnv["Bindings"];
  return {
    peer: incoming?.socket.remoteAddress,
    forwardedFor: c.req.header("x-forwarded-for"),
    vouched: c.req.header(vouchedHeader),
  };
}

/** Addresses and networks (`10.0.0.0/8`), separated by commas; a `ConfigError` names one that is neither. */
export function readProxies(text: string): BlockList {
  const list = new BlockList();
  for (const entry of text.split(",").map((one) => one.trim())) {
    if (entry === "") continue;
    const [address = "", bits] = entry.split("/");
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    const most = family === "ipv4" ? 32 : 128;
    if (isIP(address) === 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= most))) {
      throw new ConfigError("Bad settings: TRUSTED_PROXIES must be addresses or networks, separated by commas.");
    }
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/**
 * Finds out whom a request comes from. A peer in `proxies` is believed in what it added last to X-Forwarded-For; whoever has
 * the installation's `key` in what it vouches for; anything else is the peer itself.
 */
export function addressReader(proxies: BlockList, key: Buffer) {
  const mac = (address: string) => createHmac("sha256", key).update(address).digest("base64url");
  const read = (origin: Origin | undefined): string | undefined => {
    if (origin === undefined) return undefined;
    const { peer, forwardedFor, vouched } = origin;
    if (vouched !== undefined) {
      const [address = "", given = ""] = vouched.split(";");
      const wanted = Buffer.from(mac(address));
      const said = Buffer.from(given);
      if (said.length === wanted.length && timingSafeEqual(said, wanted)) return address;
    }
    if (peer === undefined || forwardedFor === undefined) return peer;
    const last = forwardedFor.slice(forwardedFor.lastIndexOf(",") + 1).trim();
    const plain = peer.replace(/^::ffff:(?=\d)/i, "");
    return isIP(last) !== 0 && proxies.check(plain, isIPv4(plain) ? "ipv4" : "ipv6") ? last : peer;
  };
  return { read, vouch: (address: string) => `${address};${mac(address)}` };
}
