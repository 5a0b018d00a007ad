import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { Problem, requestIdOf } from "@quintet/http";
import { sendProblem } from "./gateway-problem.ts";
import type { Upstream } from "./upstream.ts";

/** Path spellings that a prefix could be passed with: dot segments, plain or encoded, doubled slashes and backslashes. */
const trickyPath = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)|\/\/|\\|%5c|%2f/i;

/** Everything after the origin, without the query. */
function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return end < 0 ? target : target.slice(0, end);
}

/**
 * The gateway's request listener: the upstream whose prefix is the path's first segment gets the request;
 * what belongs to nobody goes to `own`, the gateway's own routes. A path that could be read in two ways is a 400.
 */
export function route(upstreams: Upstream[], own: RequestListener): RequestListener {
  const byPrefix = new Map(upstreams.map((upstream) => [upstream.prefix, upstream]));
  return (request: IncomingMessage, response: ServerResponse) => {
    const path = pathOf(request.url ?? "/");
    if (!path.startsWith("/") || trickyPath.test(path)) {
      const requestId = requestIdOf(request.headers["x-request-id"] as string | undefined);
      const problem = new Problem(
        "bad-request",
        "The path must be plain: no dot segments, doubled slashes or backslashes.",
      );
      sendProblem(response, problem, path, requestId);
      return;
    }
    const end = path.indexOf("/", 1);
    const upstream = byPrefix.get(end < 0 ? path : path.slice(0, end));
    if (upstream) upstream.handle(request, response);
    else own(request, response);
  };
}
