import type { IncomingMessage } from "node:http";
import { parse } from "hono/utils/cookie";
import { cookieNames } from "./cookies.ts";
import type { Site } from "./site.ts";

/**
 * The access token that a request comes with, as the guards find it: that of its Authorization header, otherwise that of a browser's
 * cookies, where those may speak for somebody. It may be a bad one.
 */
export function requestToken(site: Site, incoming: IncomingMessage): string | undefined {
  const { authorization, cookie } = incoming.headers;
  if (authorization !== undefined) return /^Bearer ([^ ]+)$/i.exec(authorization)?.[1];
  if (cookie === undefined) return undefined;
  const header = (name: string) => incoming.headers[name]?.toString();
  const asked = { env: { incoming }, req: { method: incoming.method ?? "GET", header } };
  const { access } = cookieNames(site, asked);
  return site.trustsCookies(asked) ? parse(cookie, access)[access] || undefined : undefined;
}
