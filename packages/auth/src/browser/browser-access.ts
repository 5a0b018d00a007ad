import { createHash } from "node:crypto";
import { Problem } from "@quintet/http";
import { prefersHtml } from "@quintet/pages";
import type { Context } from "hono";
import type { Access, Auth } from "../account.ts";
import { readSessionCookies } from "./cookies.ts";
import { pathAndQuery } from "./local-path.ts";
import { isSafe } from "./site.ts";

/** Longer addresses do not fit into another one; their page is shown as to somebody who is not signed in. */
const longest = 3000;

/**
 * What the cookies of a browser allow. When the access token has run out and the sign-in may go on, the answer is a redirect: the
 * issuer renews the token and sends the browser back, a form with all that was typed into it (307 keeps method and body).
 * Cookies count for nothing in what comes from another site, and what would change something is refused.
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
  if (next.length > longest) return undefined;
  const refused = access === undefined ? "" : `&refused=${rejectedTokenDigest(access)}`;
  c.header("Cache-Control", "no-store");
  return c.redirect(`/auth/renew?next=${next}${refused}`, isSafe(c.req.method) ? 303 : 307);
}

/** Names a token that an app has refused, so that the issuer notices when it is the one that it has just made. */
export function rejectedTokenDigest(token: string): string {
  return createHash("sha256").update(token).digest("base64url").slice(0, 12);
}
