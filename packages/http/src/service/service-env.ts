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

/** An app as the navigation of every page shows it. */
export interface AppLink {
  /** The first segment of its paths. */
  name: string;
  title: string;
  /** The page for people that the link leads to. */
  href: string;
}

/**
 * What every handler finds in `c.var` and `c.env`. `account` is set by the guards of `@quintet/auth`; `apps` are those behind this
 * URL, as `listenerOf` was given them.
 */
export interface ServiceEnv {
  Bindings: Partial<HttpBindings> & { apps?: readonly AppLink[] };
  Variables: {
    requestId: string;
    log: Logger;
    bodyRules: BodyRules;
    account?: { id: number; username?: string; isStaff?: boolean };
    /** This request when it came with an `Idempotency-Key`, to be recorded with what it does. */
    keyed?: KeyedRequest;
  };
}
