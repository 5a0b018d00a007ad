import type { Context } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import { parse } from "hono/utils/cookie";
import { accessTokenSeconds } from "../access-token.ts";
import type { Site, SiteRequest } from "./site.ts";

const sessionSeconds = 30 * 24 * 3600;

/** The cookies of a signed-in browser. */
export interface BrowserCookies {
  /** The secret of the session, which only the issuer reads. */
  session: string | undefined;
  /** An access token of that session, valid for 15 minutes, which every app reads. */
  access: string | undefined;
}

/** The names of the cookies. With TLS their prefix `__Host-` binds them to this host, so that no other host can set them. */
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

/** Sets the given cookies: HttpOnly, SameSite=Lax, with TLS also Secure. */
export function setSessionCookies(site: Site, c: Context, given: Partial<BrowserCookies>): void {
  const { session, access, secure } = cookieNames(site, c);
  const options = { httpOnly: true, sameSite: "Lax", secure, path: "/" } as const;
  if (given.session) setCookie(c, session, given.session, { ...options, maxAge: sessionSeconds });
  if (given.access) setCookie(c, access, given.access, { ...options, maxAge: accessTokenSeconds });
}

/** Deletes both cookies. */
export function clearSessionCookies(site: Site, c: Context): void {
  const { session, access, secure } = cookieNames(site, c);
  for (const name of [session, access]) deleteCookie(c, name, { path: "/", secure });
}
