import type { ProblemBody, ServiceEnv } from "@quintet/http";
import type { MiddlewareHandler } from "hono";
import { html } from "hono/html";
import { prefersHtml } from "./accept.ts";
import { type PageSection, page, pageHeaders } from "./page.ts";

/**
 * Shows problems as pages to browsers, with their status and headers; API clients get them as they are. A 401 then asks
 * for Basic credentials alone, because browsers open their dialogue only for the first challenge of a list.
 */
export function problemPages(section: PageSection): MiddlewareHandler<ServiceEnv> {
  return async (c, next) => {
    await next();
    if (c.res.status < 400 || c.res.headers.get("content-type") !== "application/problem+json") return;
    if (!prefersHtml(c.req.header("accept"), false)) return;
    const problem = (await c.res.json()) as ProblemBody;
    const headers = new Headers(c.res.headers);
    for (const [name, value] of Object.entries(pageHeaders)) headers.set(name, value);
    headers.set("Content-Type", "text/html; charset=UTF-8");
    headers.append("Vary", "Accept");
    if (problem.status === 401) headers.set("WWW-Authenticate", 'Basic realm="quintet", charset="UTF-8"');
    const text = await page(section, { title: problem.title, body: explained(problem, section.home) });
    c.res = undefined;
    c.res = new Response(text.toString(), { status: problem.status, headers });
  };
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
