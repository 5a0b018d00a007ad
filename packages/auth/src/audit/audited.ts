import { Problem, type ServiceEnv } from "@quintet/http";
import type { Context, Next } from "hono";
import { matchedRoutes } from "hono/route";
import { clientAddressOf } from "../client-address.ts";
import type { BeginAction } from "./staff-actions.ts";

// RFC 9110 section 9.2.1.
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/** Runs the rest of a request of staff. One with an unsafe method, or with `reads` any one, is logged in the audit log before it happens. */
export async function audited<E extends ServiceEnv>(
  auth: { beginAction: BeginAction },
  c: Context<E>,
  actorId: number,
  next: Next,
  reads?: "reads",
): Promise<void> {
  const { method, path } = c.req;
  if (!reads && safeMethods.has(method)) return next();
  const route = matchedRoutes(c).findLast((one) => one.method === method)?.path ?? path;
  const ended = await auth.beginAction({ actorId, method, path, route, clientAddress: clientAddressOf(c) });
  try {
    await next();
    ended(c.res.status);
  } catch (error) {
    ended(error instanceof Problem ? error.status : 500);
    throw error;
  }
}
