import { isHopByHop } from "../../forwarding/hop-by-hop.ts";

/** A response that violates RFC 9112; its connection cannot be used any further. */
export class InvalidResponse extends Error {
  override name = "InvalidResponse";
  readonly code = "INVALID_RESPONSE";
}

/** A header line of a response: end-to-end, interpreted by the gateway, or hop-by-hop. */
export interface Field {
  name: string;
  value: string;
  role: "end to end" | "content-length" | "transfer-encoding" | "connection" | "keep-alive" | "hop by hop";
}

const token = /^[!#$%&'*+\-.^_`|~\w]+$/;
const text = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Headers that rarely have the same value twice, or that are private to a client. */
const neverRemembered = /^(?:content-length|date|etag|last-modified|location|set-cookie|x-request-id)$/;

const known = new Map<string, Field>();
const maxKnown = 500;
const maxKnownLength = 100;

/**
 * Parses a line of a head or of trailers: no control characters, no whitespace before the colon, no folding (RFC 9112 section 5). Results
 * are cached, because an app's responses mostly start with the same lines. Throws `InvalidResponse`.
 */
export function parseField(line: string): Field {
  return known.get(line) ?? read(line);
}

function read(line: string): Field {
  const colon = line.indexOf(":");
  const name = line.slice(0, colon);
  if (colon < 1 || !token.test(name) || !text.test(line))
    throw new InvalidResponse("A header of the response is malformed.");
  const lower = name.toLowerCase();
  const field = { name, value: line.slice(colon + 1).trim(), role: roleOf(lower) };
  if (line.length <= maxKnownLength && !neverRemembered.test(lower)) {
    if (known.size >= maxKnown) known.clear();
    known.set(line, field);
  }
  return field;
}

function roleOf(lower: string): Field["role"] {
  switch (lower) {
    case "content-length":
    case "transfer-encoding":
    case "connection":
    case "keep-alive":
      return lower;
    default:
      return isHopByHop(lower) ? "hop by hop" : "end to end";
  }
}
