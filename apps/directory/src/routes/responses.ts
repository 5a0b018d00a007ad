import { counter, etagOf, ifNoneMatch } from "@quintet/http";
import { type PageRequest, pageHeaders } from "@quintet/pages";
import type { Context } from "hono";
import type { CachedResponse } from "../cache/cached-entry.ts";
import type { CacheState } from "../cache/response-cache.ts";
import type { Viewer } from "../users/versions.ts";

/** The parts of a handler's context that a response needs. */
export type ResponseContext = PageRequest & Pick<Context, "body" | "html">;

/** The public may cache for some seconds, accounts must revalidate: see docs/decisions/directory-cache.md. */
const jsonFreshness: Record<Viewer, string> = {
  public: "public, max-age=5, stale-while-revalidate=30",
  account: "private, max-age=0, must-revalidate",
};

const pageFreshness: Record<Viewer, string> = {
  public: "public, max-age=0, must-revalidate",
  account: "private, max-age=0, must-revalidate",
};

const cachedResponses = counter("quintet_directory_cached_answers_total", "Responses by cache state.", ["state"]);

function countCacheState(c: ResponseContext, state: CacheState | undefined): void {
  if (state === undefined) return;
  c.header("X-Cache", state);
  cachedResponses.inc({ state });
}

/** Sends JSON from the cache, or 304 when the client has it already. */
export function sendJson(c: ResponseContext, viewer: Viewer, response: CachedResponse, state?: CacheState): Response {
  c.header("Cache-Control", jsonFreshness[viewer]);
  countCacheState(c, state);
  return sendTagged(c, response, "application/json");
}

/** Sends a page that browsers revalidate each time, or 304 when the client has it already. */
export async function sendPage(c: ResponseContext, viewer: Viewer, page: Promise<string>, state?: CacheState) {
  const body = await page;
  c.header("Cache-Control", pageFreshness[viewer]);
  countCacheState(c, state);
  setPageHeaders(c);
  return sendTagged(c, { etag: etagOf(body), body }, "text/html; charset=UTF-8");
}

/** Sends a form, which must not be cached. */
export async function sendForm(c: ResponseContext, page: Promise<string>, status: 200 | 409 | 412 | 422 = 200) {
  c.header("Cache-Control", "no-store");
  setPageHeaders(c);
  return c.html(await page, status);
}

function setPageHeaders(c: ResponseContext): void {
  for (const [name, value] of Object.entries(pageHeaders)) c.header(name, value);
}

function sendTagged(c: ResponseContext, { etag, body }: CachedResponse, type: string): Response {
  c.header("ETag", etag);
  c.header("Vary", "Authorization, Cookie, Accept", { append: true });
  if (ifNoneMatch(c.req.header("if-none-match"), etag)) return c.body(null, 304);
  return c.body(body, 200, { "Content-Type": type });
}

/** The part of a handler's context that identifies the viewer. */
export interface ViewerContext {
  var: { account?: { username?: string } };
}

/** The viewer, after a guard. */
export function viewerOf(c: ViewerContext): Viewer {
  return c.var.account ? "account" : "public";
}
