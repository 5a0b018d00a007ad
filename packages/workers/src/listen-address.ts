import { isIPv6 } from "node:net";

/** Where a program listens, and the setting that names the port. */
export interface ListenAddress {
  setting: string;
  host: string;
  port: number;
}

const ofHost = new Set(["EADDRNOTAVAIL", "ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAFNOSUPPORT", "EINVAL"]);

/**
 * Why nothing can listen at an address, as a fault of the setting that is to be changed; undefined when the system's code has to do with
 * neither.
 */
export function listenFault({ setting, host, port }: ListenAddress, code: string | undefined): string | undefined {
  const address = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  if (code === "EADDRINUSE") return `${setting}: ${address} is taken by another program; choose another port`;
  if (code === "EACCES" || code === "EPERM") return `${setting}: this user may not listen on ${address}`;
  if (code === undefined || !ofHost.has(code)) return undefined;
  const variable = setting === "METRICS_PORT" ? "METRICS_HOST" : "HOST";
  if (code === "EADDRNOTAVAIL") return `${variable}: ${host} is not an address of this machine`;
  if (code === "EAFNOSUPPORT" || code === "EINVAL")
    return `${variable}: this machine cannot listen on ${host} (${code})`;
  return `${variable}: no address is known for ${host}`;
}
