import { createHash } from "node:crypto";
import type { Handler } from "hono";
import { ifNoneMatch } from "./entity-tags.ts";

interface Written {
  text: string;
  tag: string;
}

/**
 * Responds with a JSON document, or with 304 when the client has it. A document that is the same object as before is not serialized
 * and hashed again.
 */
export function jsonDocument(document: () => Promise<object>): Handler {
  const written = new WeakMap<object, Written>();
  const write = (found: object): Written => {
    const text = JSON.stringify(found);
    const made = { text, tag: `"${createHash("sha256").update(text).digest("base64url").slice(0, 27)}"` };
    written.set(found, made);
    return made;
  };
  return async (c) => {
    const found = await document();
    const { text, tag } = written.get(found) ?? write(found);
    c.header("ETag", tag);
    c.header("Cache-Control", "no-cache");
    if (ifNoneMatch(c.req.header("if-none-match"), tag)) return c.body(null, 304);
    return c.body(text, 200, { "Content-Type": "application/json" });
  };
}

/** The same document for every call, created by the first. */
export function lazy(make: () => object): () => Promise<object> {
  let made: object | undefined;
  return async () => {
    made ??= make();
    return made;
  };
}
