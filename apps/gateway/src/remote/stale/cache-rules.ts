import type { IncomingMessage } from "node:http";
import { headerOf } from "../connections/header-list.ts";
import type { ResponseHead } from "../connections/response-reader.ts";

/** How long a response may be served after its freshness lifetime without `stale-if-error`, in seconds. */
const defaultStaleSeconds = 300;

/** What a response allows a shared cache that uses it only while the app is unavailable. */
export interface Freshness {
  /** Seconds until it is stale; negative when it already is. */
  fresh: number;
  /** Seconds until it must no longer be served. */
  usable: number;
  /** The request headers that selected it, in lower case. */
  vary: string[];
}

/** Whether a request may be served from a shared cache: a GET without credentials or `no-cache`. */
export function isPubliclyCacheable({ method, headers }: IncomingMessage): boolean {
  return (
    method === "GET" &&
    headers.authorization === undefined &&
    headers.cookie === undefined &&
    !/no-(?:cache|store)/i.test(headers["cache-control"] ?? headers.pragma ?? "")
  );
}

/** How long a public response may be stored (RFC 9111, RFC 5861); undefined when it may not. */
export function freshnessOf({ status, headers }: ResponseHead): Freshness | undefined {
  if (status !== 200) return undefined;
  const text = headerOf(headers, "cache-control");
  if (text === undefined || headerOf(headers, "set-cookie") !== undefined) return undefined;
  const directives = directivesOf(text);
  if (directives.has("no-store") || directives.has("private") || directives.has("no-cache")) return undefined;
  const seconds = (name: string) =>
    /^\d{1,9}$/.test(directives.get(name) ?? "") ? Number(directives.get(name)) : undefined;
  const lifetime = seconds("s-maxage") ?? seconds("max-age");
  if (lifetime === undefined && !directives.has("public")) return undefined;
  const vary = (headerOf(headers, "vary") ?? "").toLowerCase().split(",");
  const names = vary.map((name) => name.trim()).filter((name) => name !== "");
  if (names.includes("*")) return undefined;
  const age = Number(/^\d{1,9}$/.exec(headerOf(headers, "age") ?? "")?.[0] ?? 0);
  const fresh = (lifetime ?? 0) - age;
  const neverStale = ["must-revalidate", "proxy-revalidate", "s-maxage"].some((name) => directives.has(name));
  const usable = fresh + (neverStale ? 0 : (seconds("stale-if-error") ?? defaultStaleSeconds));
  return usable > 0 ? { fresh, usable, vary: names } : undefined;
}

function directivesOf(text: string): Map<string, string> {
  const parts = text.split(",").map((part) => part.trim().split("="));
  return new Map(parts.map(([name = "", value = ""]) => [name.toLowerCase(), value.replace(/^"|"$/g, "")]));
}
