import { BlockList, isIP } from "node:net";
import { ConfigError } from "@quintet/workers";

/** Proxies whose forwarding headers are trusted. */
export interface TrustedProxies {
  check(address: string): boolean;
}

/** The list in `TRUSTED_PROXIES`: addresses and networks such as `10.0.0.0/8`, separated by commas. Throws `ConfigError`. */
export function trustedProxies(list: string): TrustedProxies {
  const known = new BlockList();
  const entries = list.split(",").map((entry) => entry.trim());
  for (const entry of entries.filter((one) => one !== "")) {
    const [address = "", bits] = entry.split("/");
    const family = isIP(address);
    if (
      family === 0 ||
      (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32)))
    ) {
      throw new ConfigError("TRUSTED_PROXIES: must be addresses or networks, separated by commas");
    }
    const type = family === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) known.addAddress(address, type);
    else known.addSubnet(address, Number(bits), type);
  }
  return {
    check(address) {
      const family = isIP(address);
      return family !== 0 && known.check(address, family === 6 ? "ipv6" : "ipv4");
    },
  };
}

/** An IPv4 address in an IPv6 socket without its `::ffff:`. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}
