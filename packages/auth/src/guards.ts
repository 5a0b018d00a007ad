import { Problem, type ServiceEnv } from "@quintet/http";
import type { Context, MiddlewareHandler } from "hono";
import { every } from "hono/combine";
import type { Account, Auth } from "./account.ts";

/** What a handler behind `guards().account` or `.staff` finds in `c.var`. */
export interface AccountEnv extends ServiceEnv {
  Variables: ServiceEnv["Variables"] & { account: Account };
}

/** What a handler behind `guards().anyone` finds: the account when good credentials came. */
export interface MaybeAccountEnv extends ServiceEnv {
  Variables: ServiceEnv["Variables"] & { account?: Account };
}

const security: Record<string, string[]>[] = [{ basic: [] }, { bearer: [] }];

/**
 * The guards of an app, each to be spread into `createRoute`: `createRoute({ ...guard.staff(), method: …})`.
 * Further middleware that must run after the check and before validation (`idempotent`) is passed in.
 * - `open`: no credentials are looked at.
 * - `anyone`: credentials are optional, bad ones are a 401.
 * - `account`: good credentials are needed (401).
 * - `staff`: a staff account is needed (401, then 403).
 */
export function guards(auth: Auth) {
  const maybe: MiddlewareHandler<MaybeAccountEnv> = async (c, next) => {
    const account = await accountOf(auth, c);
    if (account) c.set("account", account);
    return next();
  };
  const signedIn: MiddlewareHandler<AccountEnv> = async (c, next) => {
    c.set("account", (await accountOf(auth, c)) ?? refuse("This needs an account: send Basic or Bearer credentials."));
    return next();
  };
  const staffOnly: MiddlewareHandler<AccountEnv> = async (c, next) => {
    const account =
      (await accountOf(auth, c)) ?? refuse("This needs a staff account: send Basic or Bearer credentials.");
    c.set("account", account);
    if (!account.isStaff) throw new Problem("forbidden", "Only staff may do this.");
    return next();
  };
  return {
    open: (...then: Then) => ({ middleware: inOrder<ServiceEnv>(undefined, then), security: [] }),
    anyone: (...then: Then) => ({ middleware: inOrder(maybe, then), security: [{}, ...security] }),
    account: (...then: Then) => ({ middleware: inOrder(signedIn, then), security }),
    staff: (...then: Then) => ({ middleware: inOrder(staffOnly, then), security }),
  };
}

type Then = MiddlewareHandler<ServiceEnv>[];

/** One middleware out of several, so that a route's handler gets the type of the guard. */
function inOrder<E extends ServiceEnv>(guard: MiddlewareHandler<E> | undefined, then: Then): MiddlewareHandler<E> {
  if (then.length === 0) return guard ?? ((_, next) => next());
  return guard ? every(guard, ...then) : every(...then);
}

/** The challenges of a 401 (RFC 7617 section 2, RFC 6750 section 3). */
function refuse(detail: string, error?: string): never {
  const bearer = error ? `Bearer realm="quintet", error="${error}"` : 'Bearer realm="quintet"';
  throw new Problem("unauthenticated", detail, {
    headers: { "WWW-Authenticate": `${bearer}, Basic realm="quintet", charset="UTF-8"` },
  });
}

async function accountOf(auth: Auth, c: Context): Promise<Account | undefined> {
  const header = c.req.header("authorization");
  if (header === undefined) return undefined;
  const space = header.indexOf(" ");
  const scheme = header.slice(0, space).toLowerCase();
  const value = header.slice(space + 1).trim();
  if (scheme === "bearer") {
    return (await auth.verifyToken(value)) ?? refuse("The access token is not valid or has expired.", "invalid_token");
  }
  if (scheme === "basic") {
    const text = Buffer.from(value, "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon < 1) return refuse("The Basic credentials are malformed.");
    const account = await auth.verifyPassword(text.slice(0, colon), text.slice(colon + 1));
    return account ?? refuse("The username or password is wrong.");
  }
  return refuse("Authorization must be Basic or Bearer.");
}
