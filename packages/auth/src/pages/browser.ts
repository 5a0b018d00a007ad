import { createHmac, timingSafeEqual } from "node:crypto";
import { Problem, type ServiceEnv } from "@quintet/http";
import type { Context, MiddlewareHandler } from "hono";
import { every } from "hono/combine";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { BrowserSession, BrowserSessions } from "../issuer/browser-sessions.ts";

const maxAgeSeconds = 30 * 24 * 3600;

/** What a handler behind `browser().signedIn` finds in `c.var`. */
export interface BrowserEnv extends ServiceEnv {
  Variables: ServiceEnv["Variables"] & { session: BrowserSession; formToken: string };
}

/**
 * Signing in by a cookie, for pages only: HttpOnly, SameSite=Lax, with TLS also Secure and bound to the host. A form of
 * a signed-in browser carries a digest of the cookie, and no form from another site is taken.
 */
export function browser(sessions: BrowserSessions, key: Buffer, issuer: string) {
  const secure = issuer.startsWith("https:");
  const name = secure ? "__Host-quintet" : "quintet";
  const options = { httpOnly: true, sameSite: "Lax", secure, path: "/" } as const;
  const formTokenOf = (token: string) => createHmac("sha256", key).update(token).digest("base64url");

  const find = async (c: Context): Promise<{ session: BrowserSession; formToken: string } | undefined> => {
    const token = getCookie(c, name);
    const session = token === undefined ? undefined : await sessions.find(token);
    return session && token !== undefined ? { session, formToken: formTokenOf(token) } : undefined;
  };
  /** Sends a browser that is not signed in to the sign-in page, and from there back. */
  const signedIn: MiddlewareHandler<BrowserEnv> = async (c, next) => {
    const found = await find(c);
    if (!found) {
      const { pathname, search } = new URL(c.req.url);
      const back = c.req.method === "GET" ? `${pathname}${search}` : "/auth/account";
      return c.redirect(`/auth/sign-in?next=${encodeURIComponent(back)}`, 303);
    }
    c.set("session", found.session);
    c.set("formToken", found.formToken);
    c.set("account", found.session.account);
    return next();
  };
  /** Refuses a form that another site sends (RFC 6749 section 10.12 and 10.13). */
  const ownForms: MiddlewareHandler<ServiceEnv> = async (c, next) => {
    const site = c.req.header("sec-fetch-site");
    const origin = c.req.header("origin");
    const hosts = [c.req.header("host"), c.req.header("x-forwarded-host"), new URL(issuer).host];
    const host = origin !== undefined && URL.canParse(origin) ? new URL(origin).host : "";
    const own = site === undefined ? origin === undefined || hosts.includes(host) : site === "same-origin";
    if (!own) throw new Problem("forbidden", "This form was sent from another site.");
    return next();
  };
  /** Refuses query parameters by name, before anybody is sent elsewhere. */
  const plainUrl: MiddlewareHandler<ServiceEnv> = async (c, next) => {
    const errors = [...new URL(c.req.url).searchParams.keys()]
      .slice(0, 20)
      .map((path) => ({ path, message: "is not known here" }));
    if (errors.length === 0) return next();
    throw new Problem("bad-request", "This page takes no parameters in its URL.", { errors });
  };
  const page: MiddlewareHandler<BrowserEnv> = every(plainUrl, signedIn);
  const form: MiddlewareHandler<BrowserEnv> = every(plainUrl, ownForms, signedIn);
  const openForm: MiddlewareHandler<ServiceEnv> = every(plainUrl, ownForms);
  return {
    signedIn,
    /** In front of a page, and of a form, of whoever is signed in; and of a form that is open. */
    page,
    form,
    openForm,
    /** Throws a 403 unless the form holds the digest of this browser's cookie. */
    checkForm(c: { var: { formToken: string } }, given: string | undefined): void {
      const [wanted, said] = [Buffer.from(c.var.formToken), Buffer.from(given ?? "")];
      if (wanted.length !== said.length || !timingSafeEqual(wanted, said)) {
        throw new Problem("forbidden", "This form is out of date; go back and try again.");
      }
    },
    remember: (c: Context, token: string) => setCookie(c, name, token, { ...options, maxAge: maxAgeSeconds }),
    async forget(c: Context): Promise<void> {
      const token = getCookie(c, name);
      if (token !== undefined) await sessions.end(token);
      deleteCookie(c, name, options);
    },
  };
}

export type Browser = ReturnType<typeof browser>;
