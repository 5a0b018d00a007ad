import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { hostname } from "node:os";

/**
 * The gateway's name in `Via` (RFC 9110 section 7.6.3): the same in all workers of one parent, and different from that of any other
 * gateway, whose requests are accepted.
 */
export function gatewayName(isWorker: boolean): string {
  const program = `${hostname()} ${isWorker ? process.ppid : process.pid}`;
  return `quintet-${createHash("sha256").update(program).digest("hex").slice(0, 12)}`;
}

/** The `Via` line of a request's head, with the HTTP version that the client used. */
export function viaLine({ httpVersionMajor, httpVersion }: IncomingMessage, name: string): string {
  return `Via: ${httpVersionMajor > 1 ? httpVersionMajor : httpVersion} ${name}\r\n`;
}

/** Whether a request has already passed this gateway. */
export function isLoop({ headers }: IncomingMessage, name: string): boolean {
  return headers.via?.split(",").some((hop) => hop.trim().split(/[\t ]+/)[1] === name) ?? false;
}
