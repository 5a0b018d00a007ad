import type { CacheScope } from "./changes.ts";

/** A response as it is sent: its entity tag and its body. */
export interface CachedResponse {
  etag: string;
  body: string;
}

/** A computed response and what it depends on. */
export interface ComputedResponse {
  response: CachedResponse;
  scope: CacheScope;
}

/** A response as the cache stores it. */
export interface CachedEntry extends ComputedResponse {
  /** The Postgres snapshot taken before the computation, as the text of a `pg_snapshot`. */
  snapshot: string;
  /** The Postgres snapshot taken after the computation. */
  until: string;
  /** The Postgres server of both, identified by its start time: snapshots of another server cannot be compared. */
  server: string;
  /** Milliseconds since 1970, by the clock of the process that computed it. */
  computedAt: number;
}

/** An entry as Redis stores it: one line of JSON for all but the body, then the body unchanged. */
export function encode({ response, ...rest }: CachedEntry): string {
  return `${JSON.stringify({ ...rest, tag: response.etag })}\n${response.body}`;
}

export function decode(text: string | null): CachedEntry | undefined {
  if (text === null) return undefined;
  const end = text.indexOf("\n");
  const { tag: etag, ...rest } = JSON.parse(text.slice(0, end)) as Omit<CachedEntry, "response"> & { tag: string };
  return { ...rest, response: { etag, body: text.slice(end + 1) } };
}
