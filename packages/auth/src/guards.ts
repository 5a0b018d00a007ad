import {
  acceptsIdempotencyKey,
  bodyValidator,
  honoursIdempotencyKey,
  nest,
  Problem,
  type ServiceEnv,
} from "@quintet/http";
import type { Context, MiddlewareHandler, Next } from "hono";
import type { Access, Account, Auth } from "./account.ts";
import { audited } from "./audit/audited.ts";
import { browserAccess } from "./browser/browser-access.ts";
import { clientAddressOf } from "./client-address.ts";
import { allows, fullScope, type Scope } from "./scopes.ts";

/** The environment of a handler behind `guards().account` or `.staff`. */
export interface AccountEnv extends ServiceEnv {
  Variables: ServiceEnv["Variables"] & { account: Account; sessionId?: string };
}

/** The environment of a handler behind `guards().anyone`: there is an account if the request has valid credentials. */
export interface MaybeAccountEnv extends ServiceEnv {
  Variables: ServiceEnv["Variables"] & { account?: Account; sessionId?: string };
}

/**
 * The guards of an app, each to be spread into `createRoute`: `createRoute({ ...guard.staff("queue:manage"), method: … })`.
 * A narrowed token must have the scope (403 otherwise); without a scope only a token that is not narrowed is accepted.
 * Middleware that must run after the check and before validation (`idempotent`) is passed after the scope.
 * - `open`: credentials are not looked at.
 * - `anyone`: credentials are optional; invalid ones are a 401.
 * - `account`: valid credentials are required (401).
 * - `manager`: valid credentials are required; writes of staff are logged in the audit log. What an account may do is decided elsewhere.
 * - `staff`: a staff account is required (401, then 403). Writes are logged in the audit log.
 * - `auditedStaff`: the same, and reads are logged too.
 */
export function guards(auth: Auth) {
  const optional = (scope: Scope): MiddlewareHandler<MaybeAccountEnv> => {
    return authenticated(auth, scope, (c, next, found) => {
      if (found) setPrincipal(c, found);
      return next();
    });
  };
  const required = (scope: Scope): MiddlewareHandler<AccountEnv> => {
    return authenticated(auth, scope, (c, next, found) => {
      setPrincipal(c, found ?? unauthenticated("Authentication is required: send Basic or Bearer credentials."));
      return next();
    });
  };
  const staffOnly = (scope: Scope, reads: "reads" | undefined): MiddlewareHandler<AccountEnv> => {
    return authenticated(auth, scope, (c, next, found) => {
      setPrincipal(c, found ?? unauthenticated("A staff account is required: send Basic or Bearer credentials."));
      if (!found?.account.isStaff) throw new Problem("forbidden", "Only staff may do this.");
      return audited(auth, c, found.account.id, next, reads);
    });
  };
  const manager = (scope: Scope): MiddlewareHandler<AccountEnv> => {
    return async (c, next) => {
      const found = await authenticate(auth, c, scope);
      if (found instanceof Response) return found;
      setPrincipal(c, found ?? unauthenticated("Authentication is required: send Basic or Bearer credentials."));
      return found?.account.isStaff ? audited(auth, c, found.account.id, next) : next();
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
      const { security, ...rest } = guarded(optional, given);
      return { ...rest, security: [{}, ...security] };
    },
    account: (...given: GuardArguments) => guarded(required, given),
    manager: (...given: GuardArguments) => guarded(manager, given),
    staff: (...given: GuardArguments) => guarded((scope) => staffOnly(scope, undefined), given),
    auditedStaff: (...given: GuardArguments) => guarded((scope) => staffOnly(scope, "reads"), given),
    /** Checks the credentials of a request that has gone on for long; throws the 401 or 403 that a new one would get. */
    recheck: async (c: Context, scope: Scope): Promise<void> => {
      const found = await authenticate(auth, c, scope);
      if (!found || found instanceof Response) unauthenticated("The session has ended.");
    },
  };
}

type Middlewares = MiddlewareHandler<ServiceEnv>[];
type GuardArguments = [scope: Scope, ...then: Middlewares] | Middlewares;

/** Marks a route in the OpenAPI document as taking an `Idempotency-Key`, if the middleware behind its guard does. */
function idempotencyMarker(then: Middlewares): { [acceptsIdempotencyKey]?: true } {
  return then.some(honoursIdempotencyKey) ? { [acceptsIdempotencyKey]: true } : {};
}

/** One middleware out of several, so that a handler gets the type of its guard. The body is admitted after the guard. */
function compose<E extends ServiceEnv>(
  guard: MiddlewareHandler<E> | undefined,
  then: Middlewares,
): MiddlewareHandler<E> {
  const behind: MiddlewareHandler = [bodyValidator, ...then].reduceRight((inner, outer) => nest(outer, inner));
  return guard ? nest<E>(guard, behind) : behind;
}

/** A middleware that authenticates a request by `authenticate`; a token that is cached costs no promise. */
function authenticated<E extends ServiceEnv>(
  auth: Auth,
  scope: Scope,
  then: (c: Context<E>, next: Next, found: Principal | undefined) => ReturnType<MiddlewareHandler>,
): MiddlewareHandler<E> {
  return (c, next) => {
    const cached = cachedPrincipal(auth, c, scope);
    if (cached) return then(c, next, cached);
    return authenticate(auth, c, scope).then((found) => (found instanceof Response ? found : then(c, next, found)));
  };
}

const bearerScheme = /^bearer /i;

/** The principal of a bearer token that is cached; `undefined` for all other requests. The token must have the `scope`. */
function cachedPrincipal(auth: Auth, c: Context, scope: Scope): Principal | undefined {
  const header = c.req.header("authorization");
  if (header === undefined || !bearerScheme.test(header)) return undefined;
  const access = auth.cachedAccess(header.slice("Bearer ".length));
  return access && requireScope(access, scope);
}

/** The challenges of a 401 (RFC 7617 section 2, RFC 6750 section 3). */
function unauthenticated(detail: string, error?: string): never {
  const bearer = error ? `Bearer realm="quintet", error="${error}"` : 'Bearer realm="quintet"';
  throw new Problem("unauthenticated", detail, {
    headers: { "WWW-Authenticate": `${bearer}, Basic realm="quintet", charset="UTF-8"` },
  });
}

/** The part of Hono's context that holds the principal. */
interface PrincipalContext {
  set(name: "account", value: Account): void;
  set(name: "sessionId", value: string): void;
}

/** The authenticated account, and the id of its session if a token was sent. */
interface Principal {
  account: Account;
  session?: string | undefined;
}

function setPrincipal(c: PrincipalContext, { account, session }: Principal): void {
  c.set("account", account);
  if (session !== undefined) c.set("sessionId", session);
}

/**
 * Authenticates a request by its Authorization header, or else by the cookies of a browser. A token must have the `scope`. Returns
 * `undefined` without credentials, and a redirect for a browser whose access token has expired.
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
    if (!access) return unauthenticated("The access token is invalid, has expired or was revoked.", "invalid_token");
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

/** Returns `access` if it has the `scope`; throws a 403 otherwise. */
function requireScope(access: Access, scope: Scope): Access {
  if (!allows(access.scopes, scope)) throw insufficientScope(scope);
  return access;
}

/** The 403 for a valid token without the scope (RFC 6750 section 3.1). */
function insufficientScope(scope: Scope): Problem {
  return new Problem("forbidden", `A token with the scope ${scope} is required.`, {
    headers: { "WWW-Authenticate": `Bearer realm="quintet", error="insufficient_scope", scope="${scope}"` },
  });
}
