import type { HttpBindings } from "@hono/node-server";
import type { BodyRules } from "./body.ts";
import type { Logger } from "./logger.ts";

/** What every handler finds in `c.var` and `c.env`. `account` is set by the guards of `@quintet/auth`. */
export interface ServiceEnv {
  Bindings: Partial<HttpBindings>;
  Variables: {
    requestId: string;
    log: Logger;
    bodyRules: BodyRules;
    account?: { id: number; username?: string };
  };
}
