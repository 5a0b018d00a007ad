import { createHash } from "node:crypto";
import type { Scope } from "./changes.ts";

/** A whole response as it is sent, with its entity tag. */
export interface Answer {
  tag: string;
  body: string;
}

/** A response, and what it depends on. */
export interface Computed {
  answer: Answer;
  scope: Scope;
}

/** A response as the cache has it. */
export interface CachedEntry extends Computed {
  /** What Postgres showed before it was computed, as the text of a `pg_snapshot`. */
  snapshot: string;
  /** The same when the computation was done. */
  until: string;
  /** The server of both, from its start on. */
  server: string;
  /** Milliseconds since 1970, by the clock of the process that computed it. */
  computedAt: number;
}

/** A strong entity tag for a body (RFC 9110 section 8.8.3). */
export function tagOf(body: string): string {
  return `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
}

/** An entry as Redis has it: a line for all but the body, then the body as it is. */
export function encode({ answer, ...rest }: CachedEntry): string {
  return `${JSON.stringify({ ...rest, tag: answer.tag })}\n${answer.body}`;
}

export function decode(text: string | null): CachedEntry | undefined {
  if (text === null) return undefined;
  const end = text.indexOf("\n");
  const { tag, ...rest } = JSON.parse(text.slice(0, end)) as Omit<CachedEntry, "answer"> & { tag: string };
  return { ...rest, answer: { tag, body: text.slice(end + 1) } };
}
