import { html } from "hono/html";
import type { Html } from "./html.ts";

/** Who looks at a page: somebody who is signed in, or nobody that is known, who comes back here after signing in. */
export type Visitor = { username: string } | { comesBackTo: string };

/** As much of Hono's context as says who asks for what; a guard, when there is one, has been passed. */
interface Asked {
  req: { method: string; url: string };
  var: { account?: { username?: string } };
}

/** The visitor of a request. */
export function visitorOf({ req, var: { account } }: Asked): Visitor {
  if (account?.username !== undefined) return { username: account.username };
  const { pathname, search } = new URL(req.url);
  return { comesBackTo: req.method === "GET" ? pathname + search : pathname };
}

/** The address of the sign-in page, from which a browser comes back to `path`. */
export function signInAddress(path: string): string {
  return path.startsWith("/auth/sign-") ? "/auth/sign-in" : `/auth/sign-in?next=${encodeURIComponent(path)}`;
}

/** Who is signed in, with the ways to the account and out; or the way in. */
export function visitorArea(visitor: Visitor): Html {
  const inside =
    "username" in visitor
      ? html`<a href="/auth/account"><span class="hidden">Signed in as </span>${visitor.username}</a>
          <form method="post" action="/auth/sign-out"><button class="plain" type="submit">Sign out</button></form>`
      : html`<a href="${signInAddress(visitor.comesBackTo)}">Sign in</a>`;
  return html`<div class="visitor" data-live-part="visitor">
          ${inside}
        </div>`;
}
