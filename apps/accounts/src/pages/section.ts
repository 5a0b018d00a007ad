import { signedInAs } from "@quintet/auth";
import { errorPageResponse, htmlContent } from "@quintet/http";
import { type Html, type PageFrame, page, pageFrame, pageHeaders } from "@quintet/pages";
import type { Context } from "hono";
import type { LocalAuth } from "../local-auth.ts";
import type { RefusedStatus } from "./form.ts";

/** The frame of the pages of the accounts. */
export function accountFrame(auth: LocalAuth): PageFrame {
  const links = [
    { label: "My account", href: "/auth/account" },
    { label: "All accounts", href: "/auth/staff/accounts", staff: true },
    { label: "Invitations", href: "/auth/staff/invitations", staff: true },
    { label: "Audit log", href: "/auth/staff/audit", staff: true },
    { label: "API", href: "/auth/docs" },
  ];
  return pageFrame({ prefix: "/auth", name: "Accounts", home: "/auth/account", links, signedInAs: signedInAs(auth) });
}

/** What a page shows, and how it is answered. */
export interface ShownPage {
  title: string;
  body: Html;
  status?: 200 | RefusedStatus | undefined;
  /** Where else its form may lead the browser. */
  formTarget?: string;
}

/** Answers a page that nobody keeps. */
export async function showPage(c: Context, frame: PageFrame, content: ShownPage): Promise<Response> {
  const { title, body, status = 200, formTarget } = content;
  for (const [name, value] of Object.entries(pageHeaders)) {
    const target = formTarget === undefined ? "" : ` ${formTarget}`;
    c.header(name, value.replace("form-action 'self'", `form-action 'self'${target}`));
  }
  c.header("Cache-Control", "no-store");
  const heading = status === 200 ? title : `Not done: ${title}`;
  return c.html(await page(c, frame, { title: heading, body }), status);
}

/** What `form-action` must allow so that a browser follows the redirect after a form: an origin, or a private scheme. */
export function formTargetOf(redirectUri: string): string {
  const url = new URL(redirectUri);
  return url.protocol === "http:" || url.protocol === "https:" ? url.origin : url.protocol;
}

/** The answers of a page, for documents. */
export const pageAnswer = (description: string) => ({
  200: { description, content: htmlContent },
});

/** The answer to a form that did what it is for. */
export const onward = { 303: { description: "On to the next page" } };

/** The answers to a form that did not. */
export const refusedForm = { "4XX": errorPageResponse("The page again, with what was wrong, or a problem") };
