import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { TrustedProxies } from "@quintet/http";
import { counter, gauge, type Logger, Problem, pathOf, recordOf, sendProblem, toProblem } from "@quintet/http";
import { clientOf } from "../forwarding/client-address.ts";
import { ClientLimit, type Slot } from "./client-limit.ts";

/** Counts requests by key; see `openRateLimit`. */
export interface RateLimit {
  /** Requests per minute. */
  limit: number;
  /** Counts one request of a key. `left` is the remaining quota, negative when it is exceeded; it resets in `resetSeconds`. */
  take(key: string): Promise<{ left: number; resetSeconds: number }>;
}

export interface AdmissionOptions {
  /** Logs unexpected errors. */
  log?: Logger | undefined;
  /** Max requests in flight; more are refused at once, before everything slows down. */
  maxInFlight: number;
  /** Max requests that wait: long polls, event streams, WebSockets. They cost memory but no CPU time. */
  maxWaiting: number;
  /** The max share of either limit for one account or address, above 0 and up to 1. */
  maxShare: number;
  /** Default: no limit. */
  rate?: RateLimit | undefined;
  trusted?: TrustedProxies | undefined;
  /**
   * A key for the account of a request with a valid access token; resolves to undefined for an invalid one. Returns undefined instead of a
   * promise when the request has no token.
   */
  accountOf?: (request: IncomingMessage) => Promise<string | undefined> | undefined;
}

/** Admits as many requests as the limits allow; the others get a 503 or 429 with `Retry-After`. */
export interface Admission {
  requests(inner: RequestListener): RequestListener;
}

const refused = counter("quintet_refused_requests_total", "Requests that were refused by a limit.", ["why"]);

const openLimits = new Set<ClientLimit>();
gauge(
  "quintet_http_requests_waiting",
  "Requests that only wait: long polls, event streams, WebSockets.",
  [],
  (metric) => {
    for (const limit of openLimits) metric.inc(limit.inUse);
  },
);

/** Paths that cost almost nothing: health checks, which are polled, and the apps' requests for revoked tokens and for accounts. */
const unlimitedPaths = /^(?:(?:\/[\w-]+)?\/health|\/auth\/(?:revocations|active-accounts\/\d+))$/;

export function admission(options: AdmissionOptions): Admission & Disposable {
  const { rate, trusted, accountOf, log } = options;
  const inFlight = new ClientLimit(options.maxInFlight, options.maxShare);
  const waiting = new ClientLimit(options.maxWaiting, options.maxShare);
  openLimits.add(waiting);
  const addressOf = (request: IncomingMessage) => clientOf(request, trusted).address;

  const admit = async (
    admitted: Admitted,
    inner: RequestListener,
    knownAccount: Promise<string | undefined> | undefined,
  ) => {
    const { request, response } = admitted;
    // A request without a valid token counts by its address. When the rate cannot be counted, there is no limit.
    const account = await knownAccount?.catch(() => undefined);
    if (response.destroyed) return;
    admitted.client = account ?? addressOf(request);
    if (rate && !unlimitedPaths.test(pathOf(request.url))) {
      const quota = await rate.take(admitted.client).catch(() => undefined);
      if (response.destroyed) return;
      if (quota) {
        setRateLimitHeaders(response, rate.limit, quota.left, quota.resetSeconds);
        if (quota.left < 0)
          return admitted.reject(
            "rate",
            tooManyRequests("The request limit per minute is exceeded.", quota.resetSeconds),
          );
      }
    }
    admitted.begin(inner);
  };

  return {
    requests: (inner) => (request, response) => {
      const slot = inFlight.acquire();
      if (!slot) {
        refuse(request, response, "busy", unavailable("Too many requests are in flight."));
        return;
      }
      const admitted = new Admitted(request, response, inFlight, waiting, slot);
      const knownAccount = accountOf?.(request);
      if (rate || knownAccount) {
        admit(admitted, inner, knownAccount).catch((error: unknown) => {
          const { id } = recordOf(request);
          log?.error({ err: error, http: { request: { id } } });
          sendProblem(response, toProblem(error), pathOf(request.url), id);
        });
      } else {
        admitted.client = addressOf(request);
        admitted.begin(inner);
      }
    },
    [Symbol.dispose]: () => void openLimits.delete(waiting),
  };
}

/** An admitted request: in flight until its handler signals that it waits, and then waiting until it ends. */
class Admitted {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  client = "";
  readonly #waiting: ClientLimit;
  #limit: ClientLimit;
  #slot: Slot;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    inFlight: ClientLimit,
    waiting: ClientLimit,
    slot: Slot,
  ) {
    this.request = request;
    this.response = response;
    this.#limit = inFlight;
    this.#waiting = waiting;
    this.#slot = slot;
    response.once("close", () => this.#limit.release(this.#slot));
  }

  begin(inner: RequestListener): void {
    if (!this.#limit.assign(this.#slot, this.client)) {
      this.reject("share", tooManyRequests("Too many requests of this account or address are in flight.", 1));
      return;
    }
    recordOf(this.request).admission = this;
    inner(this.request, this.response);
  }

  beginWaiting(): void {
    if (this.#limit === this.#waiting || this.response.destroyed) return;
    const slot = acquireWaiting(this.#waiting, this.client);
    if (slot instanceof Rejection) {
      refused.inc({ why: slot.reason });
      throw slot.problem;
    }
    this.#limit.release(this.#slot);
    this.#limit = this.#waiting;
    this.#slot = slot;
  }

  reject(reason: string, problem: Problem): void {
    refuse(this.request, this.response, reason, problem);
  }
}

class Rejection {
  readonly reason: string;
  readonly problem: Problem;

  constructor(reason: string, problem: Problem) {
    this.reason = reason;
    this.problem = problem;
  }
}

function acquireWaiting(waiting: ClientLimit, client: string): Slot | Rejection {
  const slot = waiting.acquire();
  if (!slot) return new Rejection("waiting", unavailable("Too many requests are waiting."));
  if (waiting.assign(slot, client)) return slot;
  waiting.release(slot);
  return new Rejection(
    "waiting share",
    tooManyRequests("Too many requests of this account or address are waiting.", 2),
  );
}

function refuse(request: IncomingMessage, response: ServerResponse, reason: string, problem: Problem): void {
  refused.inc({ why: reason });
  sendProblem(response, problem, pathOf(request.url), recordOf(request).id);
}

/** The headers of draft-ietf-httpapi-ratelimit-headers. */
function setRateLimitHeaders(response: ServerResponse, limit: number, left: number, resetSeconds: number): void {
  response.setHeader("RateLimit-Policy", `"minute";q=${limit};w=60`);
  response.setHeader("RateLimit", `"minute";r=${Math.max(left, 0)};t=${resetSeconds}`);
}

function tooManyRequests(detail: string, retryAfter: number): Problem {
  return new Problem("too-many-requests", detail, { headers: { "Retry-After": String(retryAfter) } });
}

function unavailable(detail: string): Problem {
  return new Problem("unavailable", detail, { headers: { "Retry-After": "1" } });
}
