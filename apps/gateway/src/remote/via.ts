import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { hostname } from "node:os";

/**
 * The name that a gateway gives itself in `Via` (RFC 9110 section 7.6.3): the same in all workers of one parent, and another one in any
 * other gateway, whose requests are welcome.
 */
export function gatewayName(isWorker: boolean): string {
  const program = `${hostname()} ${isWorker ? process.ppid : process.pid}`;
  return `quintet-${createHash("sha256").update(program).digest("hex").slice(0, 12)}`;
}

/** The line of a request's head that says that it came through this gateway, and in which version of HTTP. */
export function viaLine({ httpVersionMajor, httpVersion }: IncomingMessage, name: string): string {
  return `Via: ${httpVersionMajor > 1 ? httpVersionMajor : httpVersion} ${name}\r\n`;
}

/** Whether a request has been here before, so that whoever sent it must be one that this gateway asked. */
export function hasPassed({ headers }: IncomingMessage, name: string): boolean {
  return headers.via?.split(",").some((hop) => hop.trim().split(/[\t ]+/)[1] === name) ?? false;
}
