/** Headers that concern one connection only (RFC 9110 section 7.6.1). */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** Whether a header is hop-by-hop; the name is in lower case. */
export function isHopByHop(name: string): boolean {
  return hopByHop.has(name);
}

/** Headers that `Connection` cannot drop, because the message would be invalid without them. */
const protectedHeaders = new Set(["content-length", "host", "date", "x-request-id"]);

/** The further headers that a `Connection` header declares as hop-by-hop, in lower case; undefined for the usual values. */
export function connectionOptions(connection: string | undefined): Set<string> | undefined {
  if (!connection || /^(?:keep-alive|close)$/i.test(connection)) return undefined;
  const names = connection.split(",").map((name) => name.trim().toLowerCase());
  return new Set(names.filter((name) => !protectedHeaders.has(name)));
}
