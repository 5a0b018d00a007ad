import { createHash } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { Problem } from "./problem.ts";
import type { ServiceEnv } from "./types.ts";

/** The first answer to a key, as it is given again. */
export interface KeptAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The right to work on a request, as long as this process lives. Once lost to another one, both do nothing. */
export interface Claim {
  /** Keeps the answer for those who come later. */
  keep(answer: KeptAnswer): Promise<void>;
  /** Lets the next one try. */
  abandon(): Promise<void>;
}

export type IdempotencyState =
  | { state: "new"; claim: Claim }
  | { state: "busy" }
  | { state: "mismatch" }
  | { state: "done"; answer: KeptAnswer };

/** Where keys and first answers are kept. One atomic claim per key decides which of several equal requests runs. */
export interface IdempotencyStore {
  begin(key: string, fingerprint: string): Promise<IdempotencyState>;
}

/** A string of RFC 9651 (section 3.3.3), as the draft has it, with parameters that say nothing; or a plain word. */
const quotedKey = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"(?:;[\w*.=;"-]*)?$/;
const plainKey = /^[\x21\x23-\x7e][\x21-\x7e]{0,254}$/;
const keptHeaders = ["content-type", "location", "etag", "cache-control"];

/**
 * Honours `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the first answer below 500 is kept for a day
 * and given again with `Idempotency-Replayed: true`; 409 while the first is under way; 422 when the key comes
 * again with another request. Keys are scoped to the account and the path. Comes after the guard, before validation.
 * Handlers find the scoped key in `c.var.requestKey`, to record it with what they do. `within` narrows the scope: to what the path stands
 * for just now, when that may be deleted and created anew.
 */
export function idempotent(
  store: IdempotencyStore,
  within?: (c: Context<ServiceEnv>) => Promise<string>,
): MiddlewareHandler<ServiceEnv> {
  const handler: MiddlewareHandler<ServiceEnv> = async (c, next) => {
    const given = c.req.header("idempotency-key");
    if (given === undefined) return next();
    const name = keyOf(given);
    if (name === undefined) {
      throw new Problem("bad-request", "Idempotency-Key must be 1 to 255 printable ASCII characters.", {
        errors: [{ path: "Idempotency-Key", message: "must be 1 to 255 printable ASCII characters" }],
      });
    }
    const scope = (await within?.(c)) || undefined;
    const parts = [String(c.var.account?.id ?? "anyone"), c.req.method, c.req.path, name];
    const key = digest(...parts, ...(scope === undefined ? [] : [scope]));
    const fingerprint = await fingerprintOf(c);
    const found = await store.begin(key, fingerprint);
    if (found.state === "done") return replay(c, found.answer);
    if (found.state === "busy") {
      throw new Problem("conflict", "A request with this Idempotency-Key is still under way.", {
        headers: { "Retry-After": "1" },
      });
    }
    if (found.state === "mismatch") {
      throw new Problem("unprocessable", "This Idempotency-Key was used for a different request.");
    }
    c.set("requestKey", key);
    let answer: KeptAnswer | undefined;
    try {
      await next();
      if (c.res.status < 500 && c.res.status !== 429) answer = await keep(c.res);
    } finally {
      const kept = answer ? found.claim.keep(answer) : found.claim.abandon();
      // It is done: who asked is told so, though the next one to ask will be told that it is under way for a while.
      await kept.catch((error: unknown) => c.var.log?.warn({ err: error }, "an Idempotency-Key could not be kept"));
    }
  };
  honouring.add(handler);
  return handler;
}

const honouring = new WeakSet<MiddlewareHandler<ServiceEnv>>();

/** Whether a middleware is one that honours `Idempotency-Key`, which the document of its route then says. */
export function isIdempotent(middleware: MiddlewareHandler<ServiceEnv>): boolean {
  return honouring.has(middleware);
}

/** The key in a header: `"abc"` and `abc` are the same one. */
function keyOf(header: string): string | undefined {
  const quoted = quotedKey.exec(header)?.[1];
  if (quoted !== undefined) return quoted.replaceAll(/\\(["\\])/g, "$1");
  return plainKey.test(header) ? header : undefined;
}

function digest(...parts: string[]): string {
  return createHash("sha256").update(parts.join("\n")).digest("base64url");
}

async function fingerprintOf(c: Context<ServiceEnv>): Promise<string> {
  const query = new URL(c.req.url).search;
  const hash = createHash("sha256").update(`${query}\n${c.req.header("content-type") ?? ""}\n`);
  return hash.update(Buffer.from(await c.req.arrayBuffer())).digest("base64url");
}

async function keep(response: Response): Promise<KeptAnswer> {
  const headers: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = response.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return { status: response.status, headers, body: await response.clone().text() };
}

function replay(c: Context<ServiceEnv>, answer: KeptAnswer): Response {
  for (const [name, value] of Object.entries(answer.headers)) c.header(name, value);
  c.header("Idempotency-Replayed", "true");
  return new Response(answer.body === "" ? null : answer.body, { status: answer.status, headers: c.res.headers });
}
