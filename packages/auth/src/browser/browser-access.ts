import { createHash } from "node:crypto";
import { Problem } from "@quintet/http";
import { prefersHtml } from "@quintet/pages";
import type { Context } from "hono";
import type { Access, Auth } from "../account.ts";
import { readSessionCookies } from "./cookies.ts";
import { pathAndQuery } from "./local-path.ts";
import { isSafe } from "./site.ts";

/** The max length of an encoded `next`; a longer one does not fit into the URL of the redirect. */
const maxNextLength = 3000;

/**
 * What the cookies of a browser allow. When the access token has expired and the session may still be valid, returns a redirect to
 * the issuer, which renews the token and redirects back (307 for a form, to keep its method and body). Cookies do not
 * authenticate a request of another site; such a write is a 403.
 */
export async function browserAccess(auth: Auth, c: Context): Promise<Access | Response | undefined> {
  const { session, access } = readSessionCookies(auth.site, c);
  if (session === undefined && access === undefined) return undefined;
  if (!auth.site.trustsCookies(c)) {
    if (isSafe(c.req.method)) return undefined;
    throw new Problem("forbidden", `This was sent from another site than ${auth.site.url}, the PUBLIC_URL.`);
  }
  const found = access === undefined ? undefined : await auth.access(access);
  if (found || session === undefined || !prefersHtml(c.req.header("accept"), false)) return found;
  const next = encodeURIComponent(pathAndQuery(c.req.url));
  if (next.length > maxNextLength) return undefined;
  const rejected = access === undefined ? "" : `&refused=${rejectedTokenDigest(access)}`;
  c.header("Cache-Control", "no-store");
  return c.redirect(`/auth/renew?next=${next}${rejected}`, isSafe(c.req.method) ? 303 : 307);
}

/** A digest of a token that an app has rejected, by which the issuer notices that it is the one that it has just issued. */
export function rejectedTokenDigest(token: string): string {
  return createHash("sha256").update(token).digest("base64url").slice(0, 12);
}
