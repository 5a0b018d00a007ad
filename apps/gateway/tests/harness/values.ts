import { randomBytes } from "node:crypto";
import { expect } from "vitest";

/** A name that no other test uses. */
export function unique(name: string): string {
  return `${name}-${randomBytes(5).toString("hex")}`;
}

/** Matches an ISO 8601 time in UTC. */
export const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);

/** Matches an opaque cursor. */
export const cursor = expect.stringMatching(/^[\w-]{10,}$/);

/** The same cursor with one character changed. */
export function forged(text: string): string {
  return text.slice(0, 4) + (text[4] === "A" ? "B" : "A") + text.slice(5);
}
