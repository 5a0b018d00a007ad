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

/** Whether a header, given in lower case, ends at the next hop. */
export function isHopByHop(name: string): boolean {
  return hopByHop.has(name);
}

/** Headers that a message would break without, and that `Connection` therefore cannot drop. */
const kept = new Set(["content-length", "host", "date", "x-request-id"]);

/** What else a `Connection` header names as ending here, in lower case; nothing for the usual values. */
export function dropsOf(connection: string | undefined): Set<string> | undefined {
  if (!connection || /^(?:keep-alive|close)$/i.test(connection)) return undefined;
  const names = connection.split(",").map((name) => name.trim().toLowerCase());
  return new Set(names.filter((name) => !kept.has(name)));
}
