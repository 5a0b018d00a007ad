import { createHash } from "node:crypto";
import type { Context, MiddlewareHandler, Next } from "hono";
import { Problem } from "../errors/problem.ts";
import type { KeyedRequest, ServiceEnv } from "../service-env.ts";

/** How long a key is kept, in hours, after its request. Clients rely on it, so it is not a setting. */
export const keyHours = 48;

/** `new`: this process owns the request until it calls `end()` or dies. */
export type IdempotencyState =
  | { state: "new"; fingerprint: string; end(): Promise<void> }
  | { state: "busy" }
  | { state: "mismatch" };

/** Which requests are in flight, in all processes. One atomic command per key decides which of several equal requests runs. */
export interface IdempotencyStore {
  begin(key: string, fingerprint: string): Promise<IdempotencyState>;
}

/** A string of RFC 9651 (section 3.3.3), as the draft has it, with parameters that say nothing; or a plain word. */
const quotedKey = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"(?:;[\w*.=;"-]*)?$/;
const plainKey = /^[\x21\x23-\x7e][\x21-\x7e]{0,254}$/;

/**
 * Honours `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): for two days the same request gets the first response again,
 * with `Idempotency-Replayed: true`, and another request with the key a 422; while the first is in flight, the same request gets a 409.
 * A request that was rejected or failed leaves nothing behind. Keys are scoped to the account and the path. Comes after the guard, before
 * validation. The handler finds the request in `c.var.keyed` and must record it in the transaction of what it does (`runOnce` of
 * `@quintet/db`): from that record it responds again. `within` narrows the scope: to what the path stands for just now, when that may be
 * deleted and created anew.
 *
 * The body of a request that `isStreamed` is not read here: the handler sets `fingerprint` once it has read it, and of two such requests
 * in flight the second to record itself responds as the first.
 */
export function idempotent(
  store: IdempotencyStore,
  within?: (c: Context<ServiceEnv>) => Promise<string>,
  isStreamed?: (c: Context<ServiceEnv>) => boolean,
): MiddlewareHandler<ServiceEnv> {
  const handler: MiddlewareHandler<ServiceEnv> = (c, next) => {
    const given = c.req.header("idempotency-key");
    return given === undefined ? next() : runKeyed(c, next, given);
  };
  const runKeyed = async (c: Context<ServiceEnv>, next: Next, given: string) => {
    const name = keyOf(given);
    if (name === undefined) {
      throw new Problem("bad-request", "Idempotency-Key must be 1 to 255 printable ASCII characters.", {
        errors: [{ path: "Idempotency-Key", message: "must be 1 to 255 printable ASCII characters" }],
      });
    }
    const scope = (await within?.(c)) || undefined;
    const parts = [String(c.var.account?.id ?? "anyone"), c.req.method, c.req.path, name];
    const key = digest(...parts, ...(scope === undefined ? [] : [scope]));
    const found = isStreamed?.(c)
      ? { state: "new" as const, fingerprint: "", end: async () => {} }
      : await store.begin(key, await fingerprintOf(c));
    if (found.state === "busy") {
      throw new Problem("conflict", "A request with this Idempotency-Key is still in flight.", {
        headers: { "Retry-After": "1" },
      });
    }
    if (found.state === "mismatch") throw keyMismatch();
    const request: KeyedRequest = { key, fingerprint: found.fingerprint };
    c.set("keyed", request);
    try {
      await next();
      if (c.res.status < 400 && request.outcome === undefined) {
        throw new Error(`${c.req.method} ${c.req.path} honours Idempotency-Key and recorded nothing.`);
      }
      if (request.outcome === "replayed" && c.res.status < 400) c.header("Idempotency-Replayed", "true");
    } finally {
      // The client gets its response even so; repetitions get a 409 until the key expires.
      await found
        .end()
        .catch((error: unknown) => c.var.log?.warn({ err: error }, "an Idempotency-Key could not be released"));
    }
  };
  honouring.add(handler);
  return handler;
}

/**
 * The request of a form that carries a key, which was made with the form: a double click or a resend does its work once, by `runOnce` of
 * `@quintet/db`. A form whose fields were changed before it was sent again is another request.
 */
export function keyedForm(c: Context<ServiceEnv>, key: string, fields: Readonly<Record<string, string>>): KeyedRequest {
  const fingerprint = digest(JSON.stringify(Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1))));
  const account = String(c.var.account?.id ?? "anyone");
  return { key: digest(account, c.req.method, c.req.path, key, fingerprint), fingerprint };
}

/** The problem of a different request with a key that was used within 48 hours. */
export function keyMismatch(): Problem {
  return new Problem("unprocessable", "This Idempotency-Key was used for a different request.");
}

const honouring = new WeakSet<MiddlewareHandler<ServiceEnv>>();

/** Whether a middleware is one that honours `Idempotency-Key`, which the document of its route then says. */
export function honoursIdempotencyKey(middleware: MiddlewareHandler<ServiceEnv>): boolean {
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
