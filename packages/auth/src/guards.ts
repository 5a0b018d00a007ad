import { acceptsIdempotencyKey, bodyValidator, honoursIdempotencyKey, Problem, type ServiceEnv } from "@quintet/http";
import type { Context, MiddlewareHandler, Next } from "hono";
import type { Access, Account, Auth } from "./account.ts";
import { audited } from "./audit/audited.ts";
import { browserAccess } from "./browser/browser-access.ts";
import { clientAddressOf } from "./client-address.ts";
import { allows, fullScope, type Scope } from "./scopes.ts";

/** What a handler behind `guards().account` or `.staff` finds in `c.var`. */
export interface AccountEnv extends ServiceEnv {
  Variables: ServiceEnv["Variables"] & { account: Account; sessionId?: string };
}

/** What a handler behind `guards().anyone` finds: the account when good credentials came. */
export interface MaybeAccountEnv extends ServiceEnv {
  Variables: ServiceEnv["Variables"] & { account?: Account; sessionId?: string };
}

/**
 * The guards of an app, each to be spread into `createRoute`: `createRoute({ ...guard.staff("queue:manage"), method: …})`.
 * The scope is what a narrowed token must have for the route (403); without one only a token that is not narrowed will do.
 * Further middleware that must run after the check and before validation (`idempotent`) is passed in behind it.
 * - `open`: no credentials are looked at.
 * - `anyone`: credentials are optional, bad ones are a 401.
 * - `account`: good credentials are needed (401).
 * - `staff`: a staff account is needed (401, then 403). What may change something stands in the audit log.
 */
export function guards(auth: Auth) {
  const maybe = (scope: Scope): MiddlewareHandler<MaybeAccountEnv> => {
    return async (c, next) => {
      const found = await authenticate(auth, c, scope);
      if (found instanceof Response) return found;
      if (found) setPrincipal(c, found);
      return next();
    };
  };
  const signedIn = (scope: Scope): MiddlewareHandler<AccountEnv> => {
    return async (c, next) => {
      const found = await authenticate(auth, c, scope);
      if (found instanceof Response) return found;
      setPrincipal(c, found ?? unauthenticated("This needs an account: send Basic or Bearer credentials."));
      return next();
    };
  };
  const staffOnly = (scope: Scope): MiddlewareHandler<AccountEnv> => {
    return async (c, next) => {
      const found = await authenticate(auth, c, scope);
      if (found instanceof Response) return found;
      setPrincipal(c, found ?? unauthenticated("This needs a staff account: send Basic or Bearer credentials."));
      if (!found?.account.isStaff) throw new Problem("forbidden", "Only staff may do this.");
      return audited(auth, c, found.account.id, next);
    };
  };
  const guarded = <E extends ServiceEnv>(guard: (scope: Scope) => MiddlewareHandler<E>, given: GuardArguments) => {
    const parts: (Scope | Middlewares[number])[] = given;
    const named = parts.filter((one) => typeof one === "string");
    const then = parts.filter((one) => typeof one === "function");
    const security: Record<string, string[]>[] = [{ basic: [] }, { bearer: named }];
    return { middleware: compose(guard(named[0] ?? fullScope), then), security, ...idempotencyMarker(then) };
  };
  return {
    open: (...then: Middlewares) => ({
      middleware: compose<ServiceEnv>(undefined, then),
      security: [],
      ...idempotencyMarker(then),
    }),
    anyone: (...given: GuardArguments) => {
      const { security, ...rest } = guarded(maybe, given);
      return { ...rest, security: [{}, ...security] };
    },
    account: (...given: GuardArguments) => guarded(signedIn, given),
    staff: (...given: GuardArguments) => guarded(staffOnly, given),
  };
}

type Middlewares = MiddlewareHandler<ServiceEnv>[];
type GuardArguments = [scope: Scope, ...then: Middlewares] | Middlewares;

/** What the document of a route says because of the middleware behind its guard. */
function idempotencyMarker(then: Middlewares): { [acceptsIdempotencyKey]?: true } {
  return then.some(honoursIdempotencyKey) ? { [acceptsIdempotencyKey]: true } : {};
}

/** One middleware out of several, so that a route's handler gets the type of the guard. The body is looked at behind the guard. */
function compose<E extends ServiceEnv>(
  guard: MiddlewareHandler<E> | undefined,
  then: Middlewares,
): MiddlewareHandler<E> {
  const behind: MiddlewareHandler = [bodyValidator, ...then].reduceRight((inner, outer) => wrap(outer, inner));
  return guard ? wrap<E>(guard, behind) : behind;
}

/** Two middlewares as one. Not by Hono's `every`, which composes them anew for each request. */
function wrap<E extends ServiceEnv>(outer: MiddlewareHandler<E>, inner: MiddlewareHandler): MiddlewareHandler<E> {
  return (c, next) => {
    const goOn: Next = async () => {
      const answer = await inner(c, next);
      // As Hono does: what `next` gives back is no answer.
      if (answer && !c.finalized) c.res = answer;
    };
    return outer(c, goOn);
  };
}

/** The challenges of a 401 (RFC 7617 section 2, RFC 6750 section 3). */
function unauthenticated(detail: string, error?: string): never {
  const bearer = error ? `Bearer realm="quintet", error="${error}"` : 'Bearer realm="quintet"';
  throw new Problem("unauthenticated", detail, {
    headers: { "WWW-Authenticate": `${bearer}, Basic realm="quintet", charset="UTF-8"` },
  });
}

/** As much of Hono's context as takes note of who asks. */
interface Knowing {
  set(name: "account", value: Account): void;
  set(name: "sessionId", value: string): void;
}

/** Who it is that asks, and the sign-in that the token belongs to. */
interface Principal {
  account: Account;
  session?: string | undefined;
}

function setPrincipal(c: Knowing, { account, session }: Principal): void {
  c.set("account", account);
  if (session !== undefined) c.set("sessionId", session);
}

/**
 * Whose credentials came with a request: those of its Authorization header, otherwise those of a browser's cookies. A token must
 * allow `scope`. A browser whose access token has run out gets an answer of its own.
 */
async function authenticate(auth: Auth, c: Context, scope: Scope): Promise<Principal | Response | undefined> {
  const header = c.req.header("authorization");
  if (header === undefined) {
    const found = await browserAccess(auth, c);
    return found === undefined || found instanceof Response ? found : requireScope(found, scope);
  }
  const space = header.indexOf(" ");
  const scheme = header.slice(0, space).toLowerCase();
  const value = header.slice(space + 1).trim();
  if (scheme === "bearer") {
    const access = await auth.access(value);
    if (!access) return unauthenticated("The access token is not valid, has expired or was revoked.", "invalid_token");
    return requireScope(access, scope);
  }
  if (scheme === "basic") {
    const text = Buffer.from(value, "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon < 1) return unauthenticated("The Basic credentials are malformed.");
    const account = await auth.verifyPassword(text.slice(0, colon), text.slice(colon + 1), clientAddressOf(c));
    return account ? { account } : unauthenticated("The username or password is wrong.");
  }
  return unauthenticated("Authorization must be Basic or Bearer.");
}

/** What a token allows, when that holds `scope`. */
function requireScope(access: Access, scope: Scope): Access {
  if (!allows(access.scopes, scope)) throw insufficientScope(scope);
  return access;
}

/** A good token that is too narrow (RFC 6750 section 3.1). */
function insufficientScope(scope: Scope): Problem {
  return new Problem("forbidden", `This needs a token with the scope ${scope}.`, {
    headers: { "WWW-Authenticate": `Bearer realm="quintet", error="insufficient_scope", scope="${scope}"` },
  });
}
