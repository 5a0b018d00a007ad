import type { HttpBindings } from "@hono/node-server";
import type { Logger } from "./observability/logger.ts";

/** The body limits of an app. */
export interface BodyRules {
  /** The max size of a body, in bytes. */
  maxBytes: number;
  /** Paths with another limit. */
  large: { paths: RegExp; maxBytes: number } | undefined;
  /** Matches the paths whose handlers read their body as a stream, of any size. */
  streams: RegExp | undefined;
}

/** A request with an `Idempotency-Key`, as it is recorded in the transaction of its effects. */
export interface KeyedRequest {
  /** Identifies the request and its repetitions: 43 characters, a digest of account, method, path and key. */
  readonly key: string;
  /** Distinguishes it from other requests with that key: 43 characters, a digest of query, media type and body. */
  fingerprint: string;
  /** Set by the record: whether the request was executed now or earlier. */
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
 * The types of `c.var` and `c.env` in every handler. The guards of `@quintet/auth` set `account`; `apps` are those behind this
 * URL, as `listenerOf` was given them.
 */
export interface ServiceEnv {
  Bindings: Partial<HttpBindings> & { apps?: readonly AppLink[] };
  Variables: {
    requestId: string;
    log: Logger;
    bodyRules: BodyRules;
    /** The text of a JSON body, once it is read; `c.req.text()` has it too, but as a promise. */
    bodyText?: string;
    account?: { id: number; username?: string; isStaff?: boolean };
    /** Set for a request with an `Idempotency-Key`, to be recorded in the transaction of its effects. */
    keyed?: KeyedRequest;
  };
}
