import type { ProblemBody, ServiceEnv } from "@quintet/http";
import type { Context } from "hono";
import { html } from "hono/html";
import { prefersHtml } from "./accept.ts";
import type { PageFrame } from "./frame.ts";
import type { Html } from "./html.ts";
import { page, pageHeaders } from "./page.ts";
import { resumePage } from "./resume-page.ts";
import { pathToReturnTo, signInAddress } from "./visitor.ts";

/**
 * A problem as a page, for browsers: for requests that prefer HTML and have no `Authorization`, and on routes with pages also for those
 * that have one. `undefined` for all others, which get the problem as it is. A 401 leads to the sign-in page and back; a form that was
 * sent too late is kept on a page until somebody has signed in again. Bad Basic credentials are asked for again by Basic.
 */
export function problemPage(
  frame: PageFrame,
  c: Context<ServiceEnv>,
  problem: ProblemBody,
  isPageRoute: () => boolean,
): Promise<Response> | undefined {
  if (!prefersHtml(c.req.header("accept"), false)) return undefined;
  const hasCredentials = c.req.header("authorization") !== undefined;
  if (hasCredentials && !isPageRoute()) return undefined;
  c.header("Vary", "Accept", { append: true });
  c.header("Cache-Control", "no-store");
  if (problem.status !== 401) return respond(frame, c, problem, explanation(problem, frame.home));
  if (hasCredentials) {
    c.header("WWW-Authenticate", 'Basic realm="quintet", charset="UTF-8"');
    return respond(frame, c, problem, explanation(problem, frame.home));
  }
  if (c.req.method === "GET" || c.req.method === "HEAD") {
    c.header("WWW-Authenticate", undefined);
    return Promise.resolve(c.redirect(signInAddress(pathToReturnTo(c)), 303));
  }
  // A browser would open its own dialogue for Basic.
  c.header("WWW-Authenticate", 'Bearer realm="quintet"');
  return resumePage(c).then((body) => respond(frame, c, { ...problem, title: "Sign in again" }, body));
}

async function respond(frame: PageFrame, c: Context<ServiceEnv>, { title, status }: ProblemBody, body: Html) {
  for (const [name, value] of Object.entries(pageHeaders)) c.header(name, value);
  const text = await page(c, frame, { title, body });
  return c.body(text, status as 500, { "Content-Type": "text/html; charset=UTF-8" });
}

/** What a page says of a problem. */
export function explanation(problem: ProblemBody, home: string): Html {
  return html`<article class="notice">
        <p class="code">${problem.status}</p>
        <h1>${problem.title}</h1>
        <p>${problem.detail}</p>
        <p class="hint">Request <code>${problem.requestId}</code></p>
        <p><a class="button quiet" href="${home}">Back to the start page</a></p>
      </article>`;
}
