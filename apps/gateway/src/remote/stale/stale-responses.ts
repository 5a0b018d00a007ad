import type { IncomingMessage, ServerResponse } from "node:http";
import { ifNoneMatch, type TrustedProxies } from "@quintet/http";
import { LRUCache } from "lru-cache";
import { clientOf } from "../../forwarding/client-address.ts";
import { headerOf } from "../connections/header-list.ts";
import type { ResponseHead } from "../connections/response-reader.ts";
import { freshnessOf, isPubliclyCacheable } from "./cache-rules.ts";

const maxBytes = 16 * 1024 * 1024;
const maxUrls = 10_000;
const maxResponseBytes = 256 * 1024;

/** Statuses that do not invalidate a stored response: a part of it, or that it is unchanged. */
const keepsStored = new Set([206, 304, 416]);

interface StoredResponse {
  headers: string[];
  body: Buffer;
  storedAt: number;
  /** From `performance.now()`. */
  freshUntil: number;
  usableUntil: number;
}

/** A response that is stored while it is passed on. */
export interface Recording {
  add(part: Buffer): void;
  finish(): void;
}

/**
 * The latest public responses of an app, served while it is unavailable, marked as stale. While the app responds, nothing is served from
 * here.
 */
export class StaleResponses {
  readonly #trusted: TrustedProxies | undefined;
  /** By URL, the request headers that select a response. */
  readonly #varies = new LRUCache<string, string[]>({ max: maxUrls });
  readonly #stored = new LRUCache<string, StoredResponse>({
    maxSize: maxBytes,
    sizeCalculation: ({ body, headers }) => body.length + 50 * headers.length + 200,
  });

  constructor(trusted: TrustedProxies | undefined) {
    this.#trusted = trusted;
  }

  /** Starts storing a response if that is allowed; drops a stored response that the new one invalidates. */
  record(request: IncomingMessage, head: ResponseHead): Recording | undefined {
    if (!isPubliclyCacheable(request)) {
      if (this.#varies.size > 0 && request.method !== "GET" && request.method !== "HEAD" && head.status < 400) {
        this.#varies.delete(this.#urlOf(request));
      }
      return undefined;
    }
    const freshness = freshnessOf(head);
    if (freshness === undefined) {
      if (this.#varies.size > 0 && head.status < 500 && !keepsStored.has(head.status)) {
        this.#varies.delete(this.#urlOf(request));
      }
      return undefined;
    }
    // One that ends with its connection may have been cut (RFC 9112 section 8), and nothing shows it.
    if (head.closeDelimited) return undefined;
    const { fresh, usable, vary } = freshness;
    const parts: Buffer[] = [];
    let bytes = 0;
    return {
      add(part) {
        bytes += part.length;
        if (bytes <= maxResponseBytes) parts.push(Buffer.from(part));
      },
      finish: () => {
        if (bytes > maxResponseBytes) return;
        const url = this.#urlOf(request);
        const storedAt = performance.now();
        const body = Buffer.concat(parts);
        const until = { freshUntil: storedAt + fresh * 1000, usableUntil: storedAt + usable * 1000 };
        this.#varies.set(url, vary);
        this.#stored.set(keyOf(url, vary, request), { headers: head.headers, body, storedAt, ...until });
      },
    };
  }

  /** Responds to a request from the store; false when there is nothing that may be served. */
  respond(request: IncomingMessage, response: ServerResponse, requestId: string): boolean {
    if (this.#varies.size === 0 || !isPubliclyCacheable(request)) return false;
    const url = this.#urlOf(request);
    const vary = this.#varies.get(url);
    const stored = vary && this.#stored.get(keyOf(url, vary, request));
    const now = performance.now();
    if (stored === undefined || now > stored.usableUntil) return false;
    for (const [name, value] of passedHeaders(stored.headers)) response.appendHeader(name, value);
    response.setHeader("Age", Math.round((now - stored.storedAt) / 1000) + ageOf(stored.headers));
    response.setHeader("X-Cache", "STALE");
    response.setHeader("Cache-Status", `quintet; hit; ttl=${Math.floor((stored.freshUntil - now) / 1000)}`);
    response.setHeader("X-Request-Id", requestId);
    const tag = response.getHeader("etag");
    if (tag !== undefined && ifNoneMatch(request.headers["if-none-match"], String(tag))) {
      response.writeHead(304).end();
      return true;
    }
    response.setHeader("Content-Length", stored.body.length);
    response.writeHead(200).end(stored.body);
    return true;
  }

  #urlOf(request: IncomingMessage): string {
    const { proto, host } = clientOf(request, this.#trusted);
    return `${proto}://${host.toLowerCase()}${request.url}`;
  }
}

/** The key of the response that these headers select; `Origin` is always part of it, because it selects the CORS headers. */
function keyOf(url: string, vary: string[], { headers }: IncomingMessage): string {
  return [url, headers.origin, ...vary.map((name) => headers[name])].join("\n");
}

const replaced = new Set(["age", "x-cache", "cache-status", "x-request-id", "content-length", "date", "trailer"]);

function* passedHeaders(headers: string[]): Generator<[string, string]> {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (!replaced.has(name.toLowerCase())) yield [name, headers[i + 1] as string];
  }
}

function ageOf(headers: string[]): number {
  return Number(/^\d{1,9}$/.exec(headerOf(headers, "age") ?? "")?.[0] ?? 0);
}
