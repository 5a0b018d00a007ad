import { html } from "hono/html";
import type { PageFrame, PageRequest, Person } from "./frame.ts";
import type { Html } from "./html.ts";

/** Who looks at a page: a signed-in account, or somebody who comes back to this path after signing in. */
export type Visitor = Person | { comesBackTo: string };

/** The visitor of a request: the account that a guard found, otherwise the one that the browser is signed in as. */
export async function visitorOf(c: PageRequest, { signedInAs }: Pick<PageFrame, "signedInAs">): Promise<Visitor> {
  const { account } = c.var;
  if (account?.username !== undefined) return { username: account.username, isStaff: account.isStaff === true };
  const known = account === undefined ? await signedInAs?.(c) : undefined;
  return known ?? { comesBackTo: pathToReturnTo(c) };
}

/** The path of this page with its query; of a form the path alone. */
export function pathToReturnTo({ req }: Pick<PageRequest, "req">): string {
  const { pathname, search } = new URL(req.url);
  return req.method === "GET" ? pathname + search : pathname;
}

/** The address of the sign-in page, from which a browser comes back to `path`. */
export function signInAddress(path: string): string {
  return path.startsWith("/auth/sign-") ? "/auth/sign-in" : `/auth/sign-in?next=${encodeURIComponent(path)}`;
}

/** The signed-in account with the ways to its page and out, or the way in. */
export function visitorArea(visitor: Visitor | undefined): Html {
  return html`<div class="visitor" data-live-part="visitor">
          ${visitor === undefined ? html`<a href="/auth/account">Account</a>` : visitorLinks(visitor)}
        </div>`;
}

function visitorLinks(visitor: Visitor): Html {
  if (!("username" in visitor)) return html`<a href="${signInAddress(visitor.comesBackTo)}">Sign in</a>`;
  return html`<a href="/auth/account"><span class="hidden">Signed in as </span>${visitor.username}</a>
          <form method="post" action="/auth/sign-out"><button class="plain" type="submit">Sign out</button></form>`;
}
