import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { TrustedProxies } from "@quintet/http";
import { counter, Problem, pathOf, recordOf, sendProblem } from "@quintet/http";
import { clientOf } from "./client-address.ts";

/** Counts requests by a key; see `rateLimits`. */
export interface RateLimit {
  /** Requests per minute. */
  limit: number;
  /** Takes one request out of a key's minute. `left` is negative when there was none; `resetSeconds` until it is full again. */
  take(key: string): Promise<{ left: number; resetSeconds: number }>;
}

export interface AdmissionOptions {
  /** Requests that may be under way at once; what comes beyond is refused at once, before everything slows down. */
  mostAtOnce: number;
  /** No limit unless given. */
  rate?: RateLimit | undefined;
  trusted?: TrustedProxies | undefined;
  /** The account that a request comes from, by a text that names it, when that is known at once: by a valid access token. */
  accountOf?: (request: IncomingMessage) => Promise<string | undefined>;
}

const refused = counter("quintet_refused_requests_total", "Requests that were not let in.", ["why"]);

const healthPath = /^(?:\/[\w-]+)?\/health$/;

/** Lets requests in, as many at once and per minute as is allowed; the others are a 503 or a 429 with `Retry-After`. */
export function admission(inner: RequestListener, options: AdmissionOptions): RequestListener {
  const { mostAtOnce, rate, trusted, accountOf } = options;
  let underWay = 0;
  const over = () => {
    underWay--;
  };
  return (request, response) => {
    const refuse = (problem: Problem) => {
      sendProblem(response, problem, pathOf(request.url), recordOf(request).id);
    };
    if (underWay >= mostAtOnce) {
      refused.inc({ why: "busy" });
      refuse(
        new Problem("unavailable", "Too many requests are under way just now.", { headers: { "Retry-After": "1" } }),
      );
      return;
    }
    underWay++;
    response.once("close", over);
    if (rate === undefined || healthPath.test(pathOf(request.url))) {
      inner(request, response);
      return;
    }
    const admit = async () => {
      const account = await accountOf?.(request);
      const { left, resetSeconds } = await rate.take(account ?? clientOf(request, trusted).address);
      if (response.destroyed) return;
      tell(response, rate.limit, left, resetSeconds);
      if (left >= 0) inner(request, response);
      else {
        refused.inc({ why: "rate" });
        refuse(tooMany(resetSeconds));
      }
    };
    // Whoever cannot be counted is let in: a limit that fails must not take the service down.
    admit().catch(() => inner(request, response));
  };
}

/** The headers of draft-ietf-httpapi-ratelimit-headers. */
function tell(response: ServerResponse, limit: number, left: number, resetSeconds: number): void {
  response.setHeader("RateLimit-Policy", `"minute";q=${limit};w=60`);
  response.setHeader("RateLimit", `"minute";r=${Math.max(left, 0)};t=${resetSeconds}`);
}

function tooMany(resetSeconds: number): Problem {
  return new Problem("too-many-requests", "Too many requests in this minute.", {
    headers: { "Retry-After": String(resetSeconds) },
  });
}
