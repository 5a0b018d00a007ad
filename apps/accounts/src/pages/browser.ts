import { createHmac, timingSafeEqual } from "node:crypto";
import { clientAddressOf } from "@quintet/auth";
import {
  accessTokenSeconds,
  clearSessionCookies,
  pathAndQuery,
  readSessionCookies,
  rejectedTokenDigest,
  setSessionCookies,
} from "@quintet/auth/issuer";
import { Problem, type ServiceEnv } from "@quintet/http";
import type { Context, MiddlewareHandler } from "hono";
import type { LocalAuth } from "../local-auth.ts";
import type { BrowserSession } from "../sessions/browser-sessions.ts";

/** A token that was made this short a time ago and is refused already will not get better by being renewed. */
const tooSoonMs = 10_000;

/** What a handler behind `browser().signedIn` finds in `c.var`. */
export interface BrowserEnv extends ServiceEnv {
  Variables: ServiceEnv["Variables"] & { session: BrowserSession; account: BrowserSession["account"] };
}

export type Browser = ReturnType<typeof browser>;

/**
 * The issuer's side of signing in by cookies: one for the sign-in, which only the issuer reads, and one with a short-lived access
 * token of it, which every app reads (`../browser/browser-access.ts`). Forms carry a digest of the first, keyed by `key`.
 */
export function browser(auth: LocalAuth, key: Buffer) {
  const { site, browserSessions } = auth;
  const find = async (c: Context): Promise<BrowserSession | undefined> => {
    const { session } = readSessionCookies(site, c);
    return session === undefined ? undefined : browserSessions.find(session);
  };
  const formToken = (c: Context): string => {
    const { session } = readSessionCookies(site, c);
    const whose =
      session === undefined ? `account ${(c.var as ServiceEnv["Variables"]).account?.id}` : `session ${session}`;
    return createHmac("sha256", key).update(whose).digest("base64url");
  };
  /** Sends a browser that is not signed in to the sign-in page, and from there back. */
  const signedIn: MiddlewareHandler<BrowserEnv> = async (c, next) => {
    const session = await find(c);
    if (!session) {
      const back = c.req.method === "GET" ? pathAndQuery(c.req.url) : "/auth/account";
      return c.redirect(`/auth/sign-in?next=${encodeURIComponent(back)}`, 303);
    }
    c.set("session", session);
    c.set("account", session.account);
    return next();
  };
  const end = async (c: Context): Promise<void> => {
    const { session } = readSessionCookies(site, c);
    if (session !== undefined) await browserSessions.end(session);
  };
  return {
    find,
    signedIn,
    /** What the forms of this browser carry. */
    formToken,
    /** Throws a 403 unless the form was made here for this browser. */
    checkForm(c: Context, given: string): void {
      const [wanted, said] = [Buffer.from(formToken(c)), Buffer.from(given)];
      if (wanted.length !== said.length || !timingSafeEqual(wanted, said)) {
        throw new Problem("forbidden", "This form is out of date. Open its page again and send it once more.");
      }
    },
    /** Remembers a sign-in that has just begun; the one before it ends. */
    async begin(c: Context, token: string): Promise<void> {
      await end(c);
      const session = await browserSessions.find(token);
      setSessionCookies(site, c, { session: token, access: session && (await auth.browserAccess(session)) });
    },
    /**
     * Gives a browser whose sign-in goes on a fresh access token; forgets one whose sign-in has ended. A token that an app has
     * refused though it is fresh is a 503: renewing it again would lead in a circle.
     */
    async renew(c: Context, refused: string | undefined): Promise<void> {
      const session = await find(c);
      if (!session) return clearSessionCookies(site, c);
      const { access } = readSessionCookies(site, c);
      if (access !== undefined && refused === rejectedTokenDigest(access)) {
        const known = await auth.readToken(access);
        if (known && Math.abs(known.expiresAt - accessTokenSeconds * 1000 - auth.now()) < tooSoonMs) {
          const detail = "The app does not take the sign-in just now. Try again in a moment.";
          throw new Problem("unavailable", detail, { headers: { "Retry-After": "2" } });
        }
      }
      await browserSessions.recordUse(session.id, clientAddressOf(c));
      setSessionCookies(site, c, { access: await auth.browserAccess(session) });
    },
    /** Ends the sign-in of this browser. */
    async forget(c: Context): Promise<void> {
      await end(c);
      clearSessionCookies(site, c);
    },
  };
}
