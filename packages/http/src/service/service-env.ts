import type { HttpBindings } from "@hono/node-server";
import type { Logger } from "../observability/logger.ts";

/** What an app takes as a body. */
export interface BodyRules {
  /** In bytes. */
  maxBytes: number;
  /** The paths whose handlers read their body as it comes, however large. */
  streams: RegExp | undefined;
}

/** A request with an `Idempotency-Key`, as it is recorded with what it does, by the store that does it. */
export interface KeyedRequest {
  /** What stands for the request and its repetitions: 43 characters, out of account, method, path and key. */
  readonly key: string;
  /** What tells it from other requests with that key: 43 characters, out of query, media type and body. */
  readonly fingerprint: string;
  /** Set by the record: whether the request was done now or before. */
  outcome?: "done" | "replayed";
}

/** What every handler finds in `c.var` and `c.env`. `account` is set by the guards of `@quintet/auth`. */
export interface ServiceEnv {
  Bindings: Partial<HttpBindings>;
  Variables: {
    requestId: string;
    log: Logger;
    bodyRules: BodyRules;
    account?: { id: number; username?: string };
    /** This request when it came with an `Idempotency-Key`, to be recorded with what it does. */
    keyed?: KeyedRequest;
  };
}
