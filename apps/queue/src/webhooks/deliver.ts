import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import ipaddr from "ipaddr.js";
import { AddressNotAllowed, isPublicAddress, literalOf, publicLookup, type Resolve } from "./addresses.ts";

/** The result of a delivery: the status of the response, or why there is none. */
export interface DeliveryResult {
  status?: number;
  error?: string;
  /** When the receiver wants the next attempt, in seconds from now (`Retry-After`). */
  retryAfterSeconds?: number | undefined;
}

export interface DeliveryRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
  timeoutMs: number;
  signal: AbortSignal;
}

/** Delivers a message to a URL. */
export type Deliver = (request: DeliveryRequest) => Promise<DeliveryResult>;

/** The bytes of a response that are read, so that its receiver is not cut off; and for how long. */
const maxIgnoredBytes = 65_536;
const ignoredMs = 2000;
/** The longest wait that `Retry-After` can ask for, in seconds: half a day. */
const maxRetryAfterSeconds = 43_200;

/**
 * Deliveries by HTTP. A connection is made to the addresses that were checked, for each delivery anew; redirects are not followed, and the
 * body of the response is not kept. Unless `allowPrivate`, only public addresses are reached.
 */
export function createDeliver({ allowPrivate, resolve }: { allowPrivate: boolean; resolve: Resolve }): Deliver {
  const lookup = publicLookup(resolve);
  return ({ url: text, headers, body, timeoutMs, signal }) => {
    const url = new URL(text);
    const literal = literalOf(url);
    // A connection to an address looks up nothing.
    if (!allowPrivate && ipaddr.isValid(literal) && !isPublicAddress(literal)) {
      return Promise.resolve({ error: errorText(new AddressNotAllowed(literal)) });
    }
    const timeout = AbortSignal.timeout(timeoutMs);
    return new Promise((done) => {
      const sent = (url.protocol === "https:" ? requestHttps : requestHttp)(url, {
        method: "POST",
        agent: false,
        headers: { ...headers, "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) },
        signal: AbortSignal.any([timeout, signal]),
        ...(allowPrivate ? {} : { lookup }),
      });
      sent.on("error", (error) => {
        done({ error: timeout.aborted ? `no response within ${timeoutMs / 1000} s` : errorText(error) });
      });
      sent.on("response", (response) => {
        done({
          status: response.statusCode ?? 0,
          retryAfterSeconds: retryAfter(response.headers["retry-after"], Date.now()),
        });
        let bytes = 0;
        const end = setTimeout(() => sent.destroy(), ignoredMs).unref();
        response.on("error", () => {});
        response.on("close", () => clearTimeout(end));
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > maxIgnoredBytes) sent.destroy();
        });
      });
      sent.end(body);
    });
  };
}

/** The seconds of a `Retry-After`: a number, or a date (RFC 9110 section 10.2.3); undefined when it is neither. */
export function retryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined || !/^(?:\d|[A-Z][a-z]{2})/.test(value)) return undefined;
  const seconds = /^\d{1,10}$/.test(value) ? Number(value) : Math.ceil((Date.parse(value) - now) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), maxRetryAfterSeconds);
}

/** What is said of a failed connection: no addresses of this network. */
function errorText(error: Error): string {
  if (error instanceof AddressNotAllowed) return "the host has an address that is not public";
  const code = "code" in error ? String(error.code) : "";
  const known: Record<string, string> = {
    ECONNREFUSED: "the connection was refused",
    ECONNRESET: "the connection was reset",
    ENOTFOUND: "the host name was not found",
    EAI_AGAIN: "the host name could not be resolved",
    ETIMEDOUT: "the connection timed out",
    EHOSTUNREACH: "the host is unreachable",
    ENETUNREACH: "the network is unreachable",
    ABORT_ERR: "the delivery was interrupted",
    EPROTO: "the TLS handshake failed",
  };
  if (known[code]) return known[code];
  if (/CERT|TLS|SSL/.test(code)) return `the TLS certificate was not accepted (${code})`;
  return code === "" ? "the connection failed" : `the connection failed (${code})`;
}
