import { formType, mediaTypeOf, validateBody } from "@quintet/http";
import type { Context } from "hono";
import { html } from "hono/html";
import type { Html } from "./html.ts";

const mostBytes = 64 * 1024;
const mostFields = 100;
const secret = /password|secret/i;

/**
 * What a browser sees whose sign-in ended while a form was filled in: the way to sign in, in a tab of its own, and the same form
 * with all that was typed, to be sent again. Passwords are not kept.
 */
export async function resumePage(c: Context): Promise<Html> {
  const fields = await typedFields(c);
  const again =
    fields.length === 0
      ? html`<p>Then open the form again.</p>`
      : html`<p>Your input is kept on this page. Sign in in a new tab, then come back here and send the form again.</p>
        <form method="post" action="${c.req.path}">
          ${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
          <p class="actions">
            <a class="button" href="/auth/sign-in?next=/auth/account" target="_blank" rel="noopener">Sign in (in a new tab)</a>
            <button class="button quiet" type="submit">Send the form again</button>
          </p>
        </form>`;
  return html`<article class="notice">
        <h1>Sign in again</h1>
        <p>Your session has ended, so nothing was saved yet.</p>
        ${fields.length === 0 ? html`<p><a class="button" href="/auth/sign-in">Sign in</a></p>` : ""}
        ${again}
      </article>`;
}

/** Whether a page of this site has sent the form: what another one filled in is not offered to be sent again. */
function isOwn(c: Context): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined) return site === "same-origin";
  return URL.parse(c.req.header("origin") ?? "")?.host === c.req.header("host");
}

/** The fields of a form of this site that nobody has read yet; none when there are too many, or something secret is among them. */
async function typedFields(c: Context): Promise<[string, string][]> {
  const type = mediaTypeOf(c.req.header("content-type"));
  const length = Number(c.req.header("content-length") ?? 0);
  if (type !== formType || length > mostBytes || !isOwn(c)) return [];
  await validateBody(c);
  const text = await c.req.text().catch(() => "");
  if (text.length > mostBytes) return [];
  const fields = [...new URLSearchParams(text)];
  return fields.length > mostFields || fields.some(([name]) => secret.test(name)) ? [] : fields;
}
