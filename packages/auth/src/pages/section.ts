import { type Html, type PageSection, page, pageAssets, pageHeaders } from "@quintet/pages";
import type { Context } from "hono";

/** The look of the pages of the accounts. */
export function accountSection(): PageSection {
  const links = [
    { label: "My account", href: "/auth/account" },
    { label: "API", href: "/auth/docs" },
  ];
  return { assets: pageAssets("/auth"), name: "Accounts", home: "/auth/account", links };
}

/** Answers a page that nobody keeps. `formTarget` is where else its form may lead the browser. */
export async function showPage(
  c: Context,
  section: PageSection,
  content: { title: string; body: Html; status?: 200 | 400 | 429; formTarget?: string },
): Promise<Response> {
  const { title, body, status = 200, formTarget } = content;
  for (const [name, value] of Object.entries(pageHeaders)) {
    const target = formTarget === undefined ? "" : ` ${formTarget}`;
    c.header(name, value.replace("form-action 'self'", `form-action 'self'${target}`));
  }
  c.header("Cache-Control", "no-store");
  const text = await page(section, { title, body, current: c.req.path });
  return c.html(text.toString(), status);
}

/** What `form-action` must allow so that a browser follows the redirect after a form: an origin, or a private scheme. */
export function formTargetOf(redirectUri: string): string {
  const url = new URL(redirectUri);
  return url.protocol === "http:" || url.protocol === "https:" ? url.origin : url.protocol;
}
