import type { RequestListener } from "node:http";
import { isIP } from "node:net";

const yearSeconds = 31_536_000;

/**
 * Adds `Strict-Transport-Security` (RFC 6797), for a year. Not for `localhost` and IP addresses, where it would affect other programs on
 * other ports.
 */
export function withStrictTransport(listener: RequestListener, publicUrl: string): RequestListener {
  const { protocol, hostname } = new URL(publicUrl);
  if (protocol !== "https:" || hostname === "localhost" || isIP(hostname.replace(/^\[|\]$/g, ""))) return listener;
  return (request, response) => {
    response.setHeader("Strict-Transport-Security", `max-age=${yearSeconds}`);
    listener(request, response);
  };
}

/** Redirects every request to the same path at `publicUrl`, keeping method and body (RFC 9110 section 15.4.9). */
export function redirectToHttps(publicUrl: string): RequestListener {
  return (request, response) => {
    const path = request.url?.startsWith("/") ? request.url : "/";
    // Resolved against it, a path such as //evil.example could lead elsewhere.
    response.writeHead(308, { Location: `${publicUrl}${path}`, "Content-Length": 0 }).end();
  };
}
