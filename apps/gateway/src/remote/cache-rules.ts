import type { IncomingMessage } from "node:http";
import { headerOf } from "./header-list.ts";
import type { AnswerHead } from "./response-reader.ts";

/** Seconds that an answer may be shown beyond its time when it does not say: as long as it is told apart from a new one. */
const standardStaleSeconds = 300;

/** What an answer allows a shared cache that uses it only while the app is away. */
export interface Freshness {
  /** Seconds from now for which it is fresh; negative when it is not any longer. */
  fresh: number;
  /** Seconds from now for which it may be shown. */
  usable: number;
  /** The names of the request's headers that chose it, in lower case. */
  vary: string[];
}

/** Whether a request is anybody's: a GET without credentials, that does not insist on a new answer. */
export function isAnybodys({ method, headers }: IncomingMessage): boolean {
  return (
    method === "GET" &&
    headers.authorization === undefined &&
    headers.cookie === undefined &&
    !/no-(?:cache|store)/i.test(headers["cache-control"] ?? headers.pragma ?? "")
  );
}

/** How long an answer to anybody may be kept (RFC 9111, RFC 5861); undefined when it may not. */
export function freshnessOf({ status, headers }: AnswerHead): Freshness | undefined {
  if (status !== 200) return undefined;
  const text = headerOf(headers, "cache-control");
  if (text === undefined || headerOf(headers, "set-cookie") !== undefined) return undefined;
  const said = directivesOf(text);
  if (said.has("no-store") || said.has("private") || said.has("no-cache")) return undefined;
  const seconds = (name: string) => (/^\d{1,9}$/.test(said.get(name) ?? "") ? Number(said.get(name)) : undefined);
  const lifetime = seconds("s-maxage") ?? seconds("max-age");
  if (lifetime === undefined && !said.has("public")) return undefined;
  const vary = (headerOf(headers, "vary") ?? "").toLowerCase().split(",");
  const names = vary.map((name) => name.trim()).filter((name) => name !== "");
  if (names.includes("*")) return undefined;
  const age = Number(/^\d{1,9}$/.exec(headerOf(headers, "age") ?? "")?.[0] ?? 0);
  const fresh = (lifetime ?? 0) - age;
  const neverStale = ["must-revalidate", "proxy-revalidate", "s-maxage"].some((name) => said.has(name));
  const usable = fresh + (neverStale ? 0 : (seconds("stale-if-error") ?? standardStaleSeconds));
  return usable > 0 ? { fresh, usable, vary: names } : undefined;
}

function directivesOf(text: string): Map<string, string> {
  const parts = text.split(",").map((part) => part.trim().split("="));
  return new Map(parts.map(([name = "", value = ""]) => [name.toLowerCase(), value.replace(/^"|"$/g, "")]));
}
