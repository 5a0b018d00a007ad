import { hash } from "node:crypto";
import type { SignatureClaim, SignedParts } from "./signed-request.ts";

/**
 * The canonical request of Signature Version 4, whose digest is signed: method, path, query, headers, and the digest of the body in hex.
 * `host` stands for the Host header, because a proxy may have replaced the one that the client signed.
 */
export function canonicalRequest(
  { method, url, header }: SignedParts,
  { service, signedHeaders }: SignatureClaim,
  { host, bodyDigest }: { host: string; bodyDigest: string },
): string {
  const at = url.indexOf("?");
  const path = at < 0 ? url : url.slice(0, at);
  const headerValue = (name: string) => (name === "host" ? host : (header(name) ?? "")).trim().replace(/ +/g, " ");
  return [
    method,
    // Encoded once more than it was sent, which every service but S3 demands.
    service === "s3" ? path : path.split("/").map(encode).join("/"),
    canonicalQuery(at < 0 ? "" : url.slice(at + 1)),
    ...signedHeaders.map((name) => `${name}:${headerValue(name)}`),
    "",
    signedHeaders.join(";"),
    bodyDigest,
  ].join("\n");
}

/** The parameters in the order of their names and values, without the signature itself. */
function canonicalQuery(query: string): string {
  return query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const equals = pair.indexOf("=");
      const [name, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return [encode(decode(name)), encode(decode(value))] as const;
    })
    .filter(([name]) => name !== "X-Amz-Signature")
    .sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Percent-encodes all but the unreserved characters of RFC 3986. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text; // No signature matches it.
  }
}

/** The SHA-256 digest in hex. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}
