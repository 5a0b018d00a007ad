import type { IncomingMessage, ServerResponse } from "node:http";
import { ifNoneMatch, type TrustedProxies } from "@quintet/http";
import { LRUCache } from "lru-cache";
import { clientOf } from "../client-address.ts";
import { freshnessOf, isAnybodys } from "./cache-rules.ts";
import { headerOf } from "./header-list.ts";
import type { AnswerHead } from "./response-reader.ts";

const mostBytes = 16 * 1024 * 1024;
const mostUrls = 10_000;
const largestAnswer = 256 * 1024;

/** Statuses of a response that says nothing against the whole one that was kept: a part of it, or that it is as it was. */
const ofParts = new Set([206, 304, 416]);

interface Kept {
  headers: string[];
  body: Buffer;
  storedAt: number;
  /** From `performance.now()`. */
  freshUntil: number;
  usableUntil: number;
}

/** An answer that is being kept while it passes. */
export interface Recording {
  add(part: Buffer): void;
  finish(): void;
}

/**
 * The last public answers of an app, for the time when it is away: an old answer that says so is better than none. While the
 * app answers, nothing is taken from here.
 */
export class StaleAnswers {
  readonly #trusted: TrustedProxies | undefined;
  /** The names of the headers that choose among the answers of a URL. */
  readonly #varies = new LRUCache<string, string[]>({ max: mostUrls });
  readonly #kept = new LRUCache<string, Kept>({
    maxSize: mostBytes,
    sizeCalculation: ({ body, headers }) => body.length + 50 * headers.length + 200,
  });

  constructor(trusted: TrustedProxies | undefined) {
    this.#trusted = trusted;
  }

  /** Begins to keep an answer if it may be kept; what was kept for its URL is forgotten when it no longer holds. */
  record(request: IncomingMessage, answer: AnswerHead): Recording | undefined {
    if (!isAnybodys(request)) {
      if (this.#varies.size > 0 && request.method !== "GET" && request.method !== "HEAD" && answer.status < 400) {
        this.#varies.delete(this.#urlOf(request));
      }
      return undefined;
    }
    const freshness = freshnessOf(answer);
    if (freshness === undefined) {
      if (this.#varies.size > 0 && answer.status < 500 && !ofParts.has(answer.status)) {
        this.#varies.delete(this.#urlOf(request));
      }
      return undefined;
    }
    // One that ends with its connection may have been cut (RFC 9112 section 8): nobody could tell.
    if (answer.closeDelimited) return undefined;
    const { fresh, usable, vary } = freshness;
    const parts: Buffer[] = [];
    let bytes = 0;
    return {
      add(part) {
        bytes += part.length;
        if (bytes <= largestAnswer) parts.push(Buffer.from(part));
      },
      finish: () => {
        if (bytes > largestAnswer) return;
        const url = this.#urlOf(request);
        const storedAt = performance.now();
        const body = Buffer.concat(parts);
        const until = { freshUntil: storedAt + fresh * 1000, usableUntil: storedAt + usable * 1000 };
        this.#varies.set(url, vary);
        this.#kept.set(nameOf(url, vary, request), { headers: answer.headers, body, storedAt, ...until });
      },
    };
  }

  /** Answers a request with what was kept for it; false when there is nothing that may be shown. */
  answer(request: IncomingMessage, response: ServerResponse, requestId: string): boolean {
    if (this.#varies.size === 0 || !isAnybodys(request)) return false;
    const url = this.#urlOf(request);
    const vary = this.#varies.get(url);
    const kept = vary && this.#kept.get(nameOf(url, vary, request));
    const now = performance.now();
    if (kept === undefined || now > kept.usableUntil) return false;
    for (const [name, value] of passed(kept.headers)) response.appendHeader(name, value);
    response.setHeader("Age", Math.round((now - kept.storedAt) / 1000) + ageOf(kept.headers));
    response.setHeader("X-Cache", "STALE");
    response.setHeader("Cache-Status", `quintet; hit; ttl=${Math.floor((kept.freshUntil - now) / 1000)}`);
    response.setHeader("X-Request-Id", requestId);
    const tag = response.getHeader("etag");
    if (tag !== undefined && ifNoneMatch(request.headers["if-none-match"], String(tag))) {
      response.writeHead(304).end();
      return true;
    }
    response.setHeader("Content-Length", kept.body.length);
    response.writeHead(200).end(kept.body);
    return true;
  }

  #urlOf(request: IncomingMessage): string {
    const { proto, host } = clientOf(request, this.#trusted);
    return `${proto}://${host.toLowerCase()}${request.url}`;
  }
}

/** A name for the answer that these headers choose; pages of other origins get other CORS headers, whether or not it is said. */
function nameOf(url: string, vary: string[], { headers }: IncomingMessage): string {
  return [url, headers.origin, ...vary.map((name) => headers[name])].join("\n");
}

const replaced = new Set(["age", "x-cache", "cache-status", "x-request-id", "content-length", "date", "trailer"]);

function* passed(headers: string[]): Generator<[string, string]> {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (!replaced.has(name.toLowerCase())) yield [name, headers[i + 1] as string];
  }
}

function ageOf(headers: string[]): number {
  return Number(/^\d{1,9}$/.exec(headerOf(headers, "age") ?? "")?.[0] ?? 0);
}
