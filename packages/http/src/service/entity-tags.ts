import { createHash } from "node:crypto";

/** An entity tag as it stands in a list; a comma may be part of it (RFC 9110 section 8.8.3). */
const entityTag = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

const opaque = (tag: string) => tag.replace(/^W\//, "");

/** A strong entity tag for a body (RFC 9110 section 8.8.3). */
export function etagOf(body: string): string {
  return `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
}

/**
 * Whether `If-None-Match` has the tag of what is there now, so that a 304 will do: `*` has every tag, and weak tags count like
 * strong ones (RFC 9110 section 13.1.2).
 */
export function ifNoneMatch(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  return (header.match(entityTag) ?? []).some((one) => opaque(one) === opaque(tag));
}

/**
 * Which of the tags of what is there now `If-Match` has: `any` for `*`, otherwise the tag, or undefined for none of them. A weak tag is
 * never equal to any (RFC 9110 section 13.1.1).
 */
export function ifMatch(header: string, tags: readonly string[]): "any" | string | undefined {
  if (header.trim() === "*") return "any";
  return (header.match(entityTag) ?? []).find((one) => tags.includes(one) && !one.startsWith("W/"));
}

/** Whether a part of a body may be given for `If-Range`: one strong tag, of what is there now (RFC 9110 section 13.1.5). */
export function ifRange(header: string | undefined, tag: string | undefined): boolean {
  return header === undefined || (header.trim() === tag && !header.trim().startsWith("W/"));
}
