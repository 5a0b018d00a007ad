import type { HttpBindings } from "@hono/node-server";
import type { Logger } from "./logger.ts";

/** What an app takes as a body. */
export interface BodyRules {
  /** In bytes. */
  maxBytes: number;
  /** The paths whose handlers read their body as it comes, however large. */
  streams: RegExp | undefined;
}

/** What every handler finds in `c.var` and `c.env`. `account` is set by the guards of `@quintet/auth`. */
export interface ServiceEnv {
  Bindings: Partial<HttpBindings>;
  Variables: {
    requestId: string;
    log: Logger;
    bodyRules: BodyRules;
    account?: { id: number; username?: string };
    /** What stands for this request and its repetitions, when it came with an `Idempotency-Key`: 43 characters. */
    requestKey?: string;
  };
}
