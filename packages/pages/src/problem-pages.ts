import { type ProblemBody, pageRequests, type ServiceEnv } from "@quintet/http";
import type { Context, MiddlewareHandler } from "hono";
import { html } from "hono/html";
import { prefersHtml } from "./accept.ts";
import { type PageSection, page, pageHeaders } from "./page.ts";
import { resumePage } from "./resume-page.ts";
import { signInAddress, visitorOf } from "./visitor.ts";

/**
 * Shows problems of the routes that answer pages as pages to browsers, with their status and headers; API clients get them as they
 * are, and so does everybody from the other routes. Who asks for a page that
 * needs an account is sent to the sign-in page and comes back; a form that was sent too late is kept on a page until somebody
 * has signed in again. Basic credentials, once sent, are asked for again by Basic.
 */
export function problemPages(
  app: Parameters<typeof pageRequests>[0],
  section: PageSection,
): MiddlewareHandler<ServiceEnv> {
  const forPage = pageRequests(app);
  return async (c, next) => {
    await next();
    if (c.res.status < 400 || c.res.headers.get("content-type") !== "application/problem+json") return;
    if (!prefersHtml(c.req.header("accept"), false) || !forPage(c)) return;
    const problem = (await c.res.json()) as ProblemBody;
    const headers = new Headers(c.res.headers);
    for (const [name, value] of Object.entries(pageHeaders)) headers.set(name, value);
    headers.set("Content-Type", "text/html; charset=UTF-8");
    headers.append("Vary", "Accept");
    const visitor = await visitorAt(c, section);
    let content = { title: problem.title, body: explained(problem, section.home) };
    if (problem.status === 401) {
      headers.set("Cache-Control", "no-store");
      if (c.req.header("authorization") !== undefined) {
        headers.set("WWW-Authenticate", 'Basic realm="quintet", charset="UTF-8"');
      } else if (c.req.method === "GET" || c.req.method === "HEAD") {
        headers.delete("WWW-Authenticate");
        headers.set("Location", signInAddress("comesBackTo" in visitor ? visitor.comesBackTo : c.req.path));
        c.res = undefined;
        c.res = new Response(null, { status: 303, headers });
        return;
      } else {
        // A browser would open its own dialogue for Basic.
        headers.set("WWW-Authenticate", 'Bearer realm="quintet"');
        content = { title: "Sign in again", body: await resumePage(c) };
      }
    }
    const text = await page(section, { ...content, visitor });
    c.res = undefined;
    c.res = new Response(text.toString(), { status: problem.status, headers });
  };
}

/** Who looks, when perhaps no guard has been passed. */
async function visitorAt(c: Context<ServiceEnv>, section: PageSection) {
  const known = c.var.account === undefined ? await section.signedInAs?.(c) : undefined;
  return known ?? visitorOf(c);
}

function explained(problem: ProblemBody, home: string) {
  return html`<article class="notice">
        <p class="code">${problem.status}</p>
        <h1>${problem.title}</h1>
        <p>${problem.detail}</p>
        <p class="hint">Request <code>${problem.requestId}</code></p>
        <p><a class="button quiet" href="${home}">Back to the first page</a></p>
      </article>`;
}
