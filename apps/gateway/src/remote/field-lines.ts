import { isHopByHop } from "../hop-by-hop.ts";

/** An answer that breaks RFC 9112; the connection it came on is of no further use. */
export class BadAnswer extends Error {
  override name = "BadAnswer";
  readonly code = "BAD_ANSWER";
}

/** A header line of an answer: passed on, read here and perhaps passed on, or ended here. */
export interface Field {
  name: string;
  value: string;
  role: "end to end" | "content-length" | "transfer-encoding" | "connection" | "keep-alive" | "ends here";
}

const token = /^[!#$%&'*+\-.^_`|~\w]+$/;
const text = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Headers that are seldom the same twice, or that are nobody's business but the client's. */
const passing = /^(?:content-length|date|etag|last-modified|location|set-cookie|x-request-id)$/;

const known = new Map<string, Field>();
const mostKnown = 500;
const longestKnown = 100;

/**
 * What a line of a head or of trailers says: no control characters, no whitespace before the colon, no folding (RFC 9112
 * section 5). Remembered, since an app's answers begin with the same lines all the time. Throws `BadAnswer`.
 */
export function fieldOf(line: string): Field {
  return known.get(line) ?? read(line);
}

function read(line: string): Field {
  const colon = line.indexOf(":");
  const name = line.slice(0, colon);
  if (colon < 1 || !token.test(name) || !text.test(line)) throw new BadAnswer("A header of the answer is malformed.");
  const lower = name.toLowerCase();
  const field = { name, value: line.slice(colon + 1).trim(), role: roleOf(lower) };
  if (line.length <= longestKnown && !passing.test(lower)) {
    if (known.size >= mostKnown) known.clear();
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
      return isHopByHop(lower) ? "ends here" : "end to end";
  }
}
