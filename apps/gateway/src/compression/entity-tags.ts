import type { IncomingMessage } from "node:http";
import { type Coding, codings } from "./codings.ts";

/** Matches the suffix of a compressed response's tag: `;`, the name of the coding and the closing quote. */
const compressedTag = new RegExp(`;(?:${codings.map(({ name }) => name).join("|")})"`, "g");

/** The tag of a compressed response: different bytes need a different strong tag (RFC 9110 section 8.8.3.3). A weak tag stays as it is. */
export function tagOf(tag: string, { name }: Coding): string {
  return tag.startsWith('"') ? `${tag.slice(0, -1)};${name}"` : tag;
}

/**
 * Restores the app's own tags in `If-None-Match` and `If-Match`. Not in `If-Range`: a part of a compressed response must not be completed
 * with a part of an uncompressed one. Returns the original tags when something was changed.
 */
export function restoreRequestTags(request: IncomingMessage): string | undefined {
  const { headers, rawHeaders } = request;
  if (headers["if-none-match"] === undefined && headers["if-match"] === undefined) return undefined;
  const requested = `${headers["if-none-match"] ?? ""},${headers["if-match"] ?? ""}`;
  if (requested.search(compressedTag) < 0) return undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    if (name !== "if-none-match" && name !== "if-match") continue;
    rawHeaders[i + 1] = (rawHeaders[i + 1] as string).replace(compressedTag, '"');
    headers[name] = headers[name]?.replace(compressedTag, '"');
  }
  return requested;
}

/** The tag of a 304 as the client sent it in `requested`. */
export function requestedTag(tag: string, requested: string): string {
  const compressed = codings.map((coding) => tagOf(tag, coding)).find((one) => requested.includes(one));
  return compressed ?? tag;
}
