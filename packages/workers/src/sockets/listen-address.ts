import { isIPv6 } from "node:net";

/** An address to listen on, and the setting that names its port. */
export interface ListenAddress {
  setting: string;
  host: string;
  port: number;
}

const ofHost = new Set(["EADDRNOTAVAIL", "ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAFNOSUPPORT", "EINVAL"]);

/**
 * Why an address cannot be listened on, as an error of the setting to change; undefined when the system's error code has another cause.
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
