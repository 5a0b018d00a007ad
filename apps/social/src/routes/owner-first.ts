import type { ServiceEnv } from "@quintet/http";
import type { MiddlewareHandler } from "hono";
import type { idParam } from "./schemas.ts";

/** Checks whose the post or comment in a path is before the body is validated: 403 comes before 422. What is unknown passes. */
export function ownerFirst(
  params: ReturnType<typeof idParam>,
  requireOwner: (id: number, accountId: number) => Promise<void>,
): MiddlewareHandler<ServiceEnv> {
  return async (c, next) => {
    const id = params.safeParse(c.req.param());
    if (id.success && c.var.account) await requireOwner(id.data.id, c.var.account.id);
    return next();
  };
}
