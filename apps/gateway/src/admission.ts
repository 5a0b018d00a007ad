import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { TrustedProxies } from "@quintet/http";
import { counter, gauge, type Logger, Problem, pathOf, recordOf, sendProblem, toProblem } from "@quintet/http";
import { clientOf } from "./client-address.ts";
import { ClientLimit, type Place } from "./client-limit.ts";

/** Counts requests by a key; see `rateLimits`. */
export interface RateLimit {
  /** Requests per minute. */
  limit: number;
  /** Takes one request out of a key's minute. `left` is negative when there was none; `resetSeconds` until it is full again. */
  take(key: string): Promise<{ left: number; resetSeconds: number }>;
}

export interface AdmissionOptions {
  /** Who hears of faults. */
  log?: Logger | undefined;
  /** Requests that are worked on at once; what comes beyond is refused at once, before everything slows down. */
  maxAtWork: number;
  /** Requests that wait at once: long polls, streams of events, WebSockets. They cost memory and no work. */
  maxWaiting: number;
  /** The part of either that one account or address may have, above 0 and up to 1. */
  maxShare: number;
  /** No limit unless given. */
  rate?: RateLimit | undefined;
  trusted?: TrustedProxies | undefined;
  /**
   * The account that a request comes from, by a text that names it, when that is known at once: by a valid access token. Undefined
   * instead of a promise when the request has no token.
   */
  accountOf?: (request: IncomingMessage) => Promise<string | undefined> | undefined;
}

/** Lets requests in, as many as the limits allow; the others are a 503 or a 429 with `Retry-After`. */
export interface Admission {
  requests(inner: RequestListener): RequestListener;
}

const refused = counter("quintet_refused_requests_total", "Requests that were not let in.", ["why"]);

const watched = new Set<ClientLimit>();
gauge(
  "quintet_http_requests_waiting",
  "Requests that only wait: long polls, streams of events, WebSockets.",
  [],
  (made) => {
    for (const limit of watched) made.inc(limit.taken);
  },
);

/** What is asked by a clock and costs next to nothing: health, and what is revoked, by the apps of this installation. */
const uncounted = /^(?:(?:\/[\w-]+)?\/health|\/auth\/revocations)$/;

export function admission(options: AdmissionOptions): Admission & Disposable {
  const { rate, trusted, accountOf, log } = options;
  const work = new ClientLimit(options.maxAtWork, options.maxShare);
  const waits = new ClientLimit(options.maxWaiting, options.maxShare);
  watched.add(waits);
  const addressOf = (request: IncomingMessage) => clientOf(request, trusted).address;

  const admit = async (
    admitted: Admitted,
    inner: RequestListener,
    knowing: Promise<string | undefined> | undefined,
  ) => {
    const { request, response } = admitted;
    // Whoever cannot be known by a token counts by address, and where the rate cannot be counted it does not.
    const account = await knowing?.catch(() => undefined);
    if (response.destroyed) return;
    admitted.client = account ?? addressOf(request);
    if (rate && !uncounted.test(pathOf(request.url))) {
      const found = await rate.take(admitted.client).catch(() => undefined);
      if (response.destroyed) return;
      if (found) {
        tell(response, rate.limit, found.left, found.resetSeconds);
        if (found.left < 0)
          return admitted.refuse("rate", tooMany("Too many requests in this minute.", found.resetSeconds));
      }
    }
    admitted.begin(inner);
  };

  return {
    requests: (inner) => (request, response) => {
      const place = work.take();
      if (!place) {
        refuse(request, response, "busy", busy("Too many requests are in progress just now."));
        return;
      }
      const admitted = new Admitted(request, response, work, waits, place);
      const knowing = accountOf?.(request);
      if (rate || knowing) {
        admit(admitted, inner, knowing).catch((error: unknown) => {
          const { id } = recordOf(request);
          log?.error({ err: error, http: { request: { id } } });
          sendProblem(response, toProblem(error), pathOf(request.url), id);
        });
      } else {
        admitted.client = addressOf(request);
        admitted.begin(inner);
      }
    },
    [Symbol.dispose]: () => void watched.delete(waits),
  };
}

/** A request that was let in: at work until its handler says that it waits, and then waiting until it is over. */
class Admitted {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  client = "";
  readonly #waits: ClientLimit;
  #limit: ClientLimit;
  #place: Place;

  constructor(request: IncomingMessage, response: ServerResponse, work: ClientLimit, waits: ClientLimit, place: Place) {
    this.request = request;
    this.response = response;
    this.#limit = work;
    this.#waits = waits;
    this.#place = place;
    response.once("close", () => this.#limit.give(this.#place));
  }

  begin(inner: RequestListener): void {
    if (!this.#limit.name(this.#place, this.client)) {
      this.refuse("share", tooMany("Too many requests of one account or address are in progress just now.", 1));
      return;
    }
    recordOf(this.request).admission = this;
    inner(this.request, this.response);
  }

  beginWaiting(): void {
    if (this.#limit === this.#waits || this.response.destroyed) return;
    const place = takeWaiting(this.#waits, this.client);
    if (place instanceof Refusal) {
      refused.inc({ why: place.why });
      throw place.problem;
    }
    this.#limit.give(this.#place);
    this.#limit = this.#waits;
    this.#place = place;
  }

  refuse(why: string, problem: Problem): void {
    refuse(this.request, this.response, why, problem);
  }
}

class Refusal {
  readonly why: string;
  readonly problem: Problem;

  constructor(why: string, problem: Problem) {
    this.why = why;
    this.problem = problem;
  }
}

function takeWaiting(waits: ClientLimit, client: string): Place | Refusal {
  const place = waits.take();
  if (!place) return new Refusal("waiting", busy("Too many requests wait just now."));
  if (waits.name(place, client)) return place;
  waits.give(place);
  return new Refusal("waiting share", tooMany("Too many requests of one account or address wait just now.", 2));
}

function refuse(request: IncomingMessage, response: ServerResponse, why: string, problem: Problem): void {
  refused.inc({ why });
  sendProblem(response, problem, pathOf(request.url), recordOf(request).id);
}

/** The headers of draft-ietf-httpapi-ratelimit-headers. */
function tell(response: ServerResponse, limit: number, left: number, resetSeconds: number): void {
  response.setHeader("RateLimit-Policy", `"minute";q=${limit};w=60`);
  response.setHeader("RateLimit", `"minute";r=${Math.max(left, 0)};t=${resetSeconds}`);
}

function tooMany(detail: string, retryAfter: number): Problem {
  return new Problem("too-many-requests", detail, { headers: { "Retry-After": String(retryAfter) } });
}

function busy(detail: string): Problem {
  return new Problem("unavailable", detail, { headers: { "Retry-After": "1" } });
}
