import { lookup as systemLookup } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/** An address of a host, as `dns.lookup` gives it. */
export interface HostAddress {
  address: string;
  family: number;
}

/** All addresses of a host name. */
export type Resolve = (hostname: string) => Promise<HostAddress[]>;

export const resolveHost: Resolve = (hostname) => systemLookup(hostname, { all: true });

const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * Whether an address belongs to the public internet: not loopback, private, shared, link-local (where clouds keep their metadata),
 * multicast, reserved, or IPv4 within IPv6 by any of the ways to write or route it.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== "unicast") return false;
  return address.kind() === "ipv4" || (address as ipaddr.IPv6).match(globalUnicast);
}

/** The error of a host that no webhook may reach. */
export class AddressNotAllowed extends Error {
  constructor(host: string) {
    super(`${host} is not a public address`);
    this.name = "AddressNotAllowed";
  }
}

/** A lookup for a connection that resolves a host once and gives only public addresses: one that is not public fails it. */
export function publicLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const bad = addresses.find(({ address }) => !isPublicAddress(address));
        const [first] = addresses;
        if (bad || !first) callback(new AddressNotAllowed(bad?.address ?? hostname), "", 0);
        else if (options.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, "", 0),
    );
  };
}

/** Ports of other services that browsers do not call either (Fetch standard, "bad port"), above 1023. */
const badPorts = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/** What is wrong with the URL of a webhook, or undefined. Names are checked when they are resolved, at each delivery. */
export function urlFault(text: string, allowPrivate: boolean): string | undefined {
  if (!URL.canParse(text)) return "must be an absolute URL";
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return "must be an http or https URL";
  if (url.username !== "" || url.password !== "") return "must have no user name and no password";
  if (url.hash !== "") return "must have no fragment";
  if (allowPrivate) return undefined;
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  if ((port < 1024 && port !== 80 && port !== 443) || badPorts.has(port)) return `must not use the port ${port}`;
  const host = literalOf(url);
  if (ipaddr.isValid(host) ? !isPublicAddress(host) : isLocalName(host)) {
    return "must be a public address; WEBHOOKS_PRIVATE_ADDRESSES allows others";
  }
  return undefined;
}

/** The host of a URL, without the brackets of an IPv6 address. */
export function literalOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function isLocalName(host: string): boolean {
  return /(?:^|\.)(?:localhost|local|internal)\.?$/i.test(host);
}
