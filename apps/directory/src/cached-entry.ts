import { createHash } from "node:crypto";

/** A whole answer as it is sent, with its entity tag. */
export interface Answer {
  tag: string;
  body: string;
}

/** An answer as the cache has it. */
export interface CachedEntry {
  generation: string;
  /** Milliseconds since 1970, by the clock of the process that computed it. */
  computedAt: number;
  answer: Answer;
}

/** A strong entity tag for a body (RFC 9110 section 8.8.3). */
export function tagOf(body: string): string {
  return `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
}

/** An entry as Redis has it: a line for each of generation, time and tag, then the body as it is. */
export function encode({ generation, computedAt, answer }: CachedEntry): string {
  return `${generation}\n${computedAt}\n${answer.tag}\n${answer.body}`;
}

export function decode(text: string | null): CachedEntry | undefined {
  const [generation, computedAt, tag, ...body] = text?.split("\n") ?? [];
  if (generation === undefined || tag === undefined) return undefined;
  return { generation, computedAt: Number(computedAt), answer: { tag, body: body.join("\n") } };
}
