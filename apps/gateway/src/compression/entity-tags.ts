import type { IncomingMessage } from "node:http";
import { type Coding, codings } from "./codings.ts";

/** Of a packed answer's tag: the app's tag with the coding's name, since bytes that differ have strong tags that differ. */
const packedTag = new RegExp(`;(?:${codings.map(({ name }) => name).join("|")})"`, "g");

/** The tag of an answer that is packed (RFC 9110 section 8.8.3.3). A weak one says that bytes may differ, and stays. */
export function tagOf(tag: string, { name }: Coding): string {
  return tag.startsWith('"') ? `${tag.slice(0, -1)};${name}"` : tag;
}

/**
 * Gives the app its own tags back, in `If-None-Match` and `If-Match`. Not in `If-Range`: whoever has a part of a packed answer must not
 * get the rest of a plain one. Answers the tags that were asked for when there was something to change.
 */
export function restoreTags(request: IncomingMessage): string | undefined {
  const { headers, rawHeaders } = request;
  if (headers["if-none-match"] === undefined && headers["if-match"] === undefined) return undefined;
  const asked = `${headers["if-none-match"] ?? ""},${headers["if-match"] ?? ""}`;
  if (asked.search(packedTag) < 0) return undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    if (name !== "if-none-match" && name !== "if-match") continue;
    rawHeaders[i + 1] = (rawHeaders[i + 1] as string).replace(packedTag, '"');
    headers[name] = headers[name]?.replace(packedTag, '"');
  }
  return asked;
}

/** The tag of a 304 as the client knows it, out of those that it asked for. */
export function knownTag(tag: string, asked: string): string {
  const packed = codings.map((coding) => tagOf(tag, coding)).find((one) => asked.includes(one));
  return packed ?? tag;
}
