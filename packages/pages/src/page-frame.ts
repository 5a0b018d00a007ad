import type { AppLink, ProblemPage } from "@quintet/http";
import { prefersHtml } from "./accept.ts";
import { pageAssets } from "./assets.ts";
import type { FrameOptions, PageFrame } from "./frame.ts";
import { pageHeaders, pageText } from "./page.ts";
import { explanation, problemPage } from "./problem-pages.ts";

/** The frame of an app's pages. */
export function pageFrame(options: FrameOptions): PageFrame {
  const { prefix, name, home = prefix, links = [], signedInAs } = options;
  const files = pageAssets(prefix);
  const frame: PageFrame = {
    prefix,
    name,
    home,
    links,
    signedInAs,
    files,
    assets: files.routes,
    problemPage: (c, problem, isPageRoute) => problemPage(frame, c, problem, isPageRoute),
  };
  return frame;
}

/**
 * Problems as pages where no app has the request: of `serve` itself, of a gateway whose app does not respond. `prefix` is where the files of
 * the pages are served. Nobody is looked up for them, so they show a link to the account instead of its name.
 */
export function unroutedProblemPage(prefix: string, apps: readonly AppLink[]): ProblemPage {
  const frame = pageFrame({ prefix, name: "Quintet", home: "/" });
  return {
    isFor: ({ accept, authorization }) => authorization === undefined && prefersHtml(accept, false),
    render: (problem, path) => ({
      headers: {
        ...pageHeaders,
        "Content-Type": "text/html; charset=UTF-8",
        "Cache-Control": "no-store",
        Vary: "Accept",
      },
      text: pageText(frame, { title: problem.title, body: explanation(problem, "/"), visitor: undefined, path, apps }),
    }),
  };
}
