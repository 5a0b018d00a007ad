import type { IncomingHttpHeaders, RequestListener, ServerResponse } from "node:http";
import type { Context, Hono } from "hono";
import type { ServiceEnv } from "../service-env.ts";
import type { ProblemBody } from "./problem.ts";

/** The pages of an app, as far as a service knows of pages: `@quintet/pages` has them. */
export interface ServiceFrame {
  /** The files that the pages need, served at `{prefix}/assets`. */
  assets: Hono;
  /** The response to a browser; `undefined` when the client gets the problem as it is. */
  problemPage(c: Context<ServiceEnv>, problem: ProblemBody, isPageRoute: () => boolean): Promise<Response> | undefined;
}

/** How problems are shown to browsers where no app has the request. */
export interface ProblemPage {
  isFor(headers: IncomingHttpHeaders): boolean;
  render(problem: ProblemBody, path: string): { headers: Record<string, string>; text: string };
}

const pages = new WeakMap<ServerResponse, ProblemPage>();

/** Renders problems as pages for browsers, also those of requests that reach no app. */
export function withProblemPages(page: ProblemPage) {
  return (listener: RequestListener): RequestListener =>
    (request, response) => {
      if (request.headers.accept?.includes("text/html") && page.isFor(request.headers)) pages.set(response, page);
      listener(request, response);
    };
}

/** The page for a problem as this response, if it is for a browser. */
export function problemPageFor(response: ServerResponse): ProblemPage | undefined {
  return pages.get(response);
}
