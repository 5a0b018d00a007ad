import { guards, type MaybeAccountEnv } from "@quintet/auth";
import type { ServiceEnv } from "@quintet/http";
import { prefersHtml } from "@quintet/pages";
import type { Context, MiddlewareHandler } from "hono";
import type { Deps } from "../deps.ts";

/** The account of a visitor who is not signed in, for their likes: none has this id. */
export const nobody = 0;

/** The guard of what anybody may read with `PUBLIC_LISTINGS=true`, and otherwise every account. */
export function readers({ auth, publicListings }: Pick<Deps, "auth" | "publicListings">) {
  const guard = guards(auth);
  return publicListings ? guard.anyone : (guard.account as unknown as typeof guard.anyone);
}

/** Sends a page instead of what the operation responds with, to a client that prefers HTML. It stands before validation, and reads its input itself; without a response the operation goes on. */
export function asPage(
  send: (c: Context<MaybeAccountEnv>) => Promise<Response | undefined>,
): MiddlewareHandler<ServiceEnv> {
  return async (c, next) => {
    if (!prefersHtml(c.req.header("accept"), false)) return next();
    return (await send(c as unknown as Context<MaybeAccountEnv>)) ?? next();
  };
}
