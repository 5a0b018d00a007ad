import type { Context } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import { parse } from "hono/utils/cookie";
import { accessTokenSeconds } from "../access-token.ts";
import type { Site, SiteRequest } from "./site.ts";

const sessionSeconds = 30 * 24 * 3600;

/** What a browser that is signed in sends with every request. */
export interface BrowserCookies {
  /** What only the issuer looks at: the token of the sign-in. */
  session: string | undefined;
  /** What every app looks at: an access token of that sign-in, for a quarter of an hour. */
  access: string | undefined;
}

/** With TLS the names bind the cookies to this very host, and no plain-text neighbour can plant one (`__Host-`). */
export function cookieNames(site: Site, c: SiteRequest): { session: string; access: string; secure: boolean } {
  const secure = site.isSecure(c);
  return secure
    ? { session: "__Host-quintet", access: "__Host-quintet-access", secure }
    : { session: "quintet", access: "quintet-access", secure };
}

/** The cookies of a request; empty ones are none. */
export function readSessionCookies(site: Site, c: SiteRequest): BrowserCookies {
  const header = c.req.header("cookie");
  if (header === undefined) return { session: undefined, access: undefined };
  const { session, access } = cookieNames(site, c);
  const cookies = parse(header);
  return { session: cookies[session] || undefined, access: cookies[access] || undefined };
}

/** Keeps what is given; HttpOnly, SameSite=Lax, with TLS also Secure. */
export function setSessionCookies(site: Site, c: Context, given: Partial<BrowserCookies>): void {
  const { session, access, secure } = cookieNames(site, c);
  const options = { httpOnly: true, sameSite: "Lax", secure, path: "/" } as const;
  if (given.session) setCookie(c, session, given.session, { ...options, maxAge: sessionSeconds });
  if (given.access) setCookie(c, access, given.access, { ...options, maxAge: accessTokenSeconds });
}

/** Removes both. */
export function clearSessionCookies(site: Site, c: Context): void {
  const { session, access, secure } = cookieNames(site, c);
  for (const name of [session, access]) deleteCookie(c, name, { path: "/", secure });
}
