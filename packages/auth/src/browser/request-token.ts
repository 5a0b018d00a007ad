import type { IncomingMessage } from "node:http";
import { parse } from "hono/utils/cookie";
import { cookieNames } from "./cookies.ts";
import type { Site } from "./site.ts";

/**
 * The unverified access token of a request, as the guards find it: that of its Authorization header, or else that of a browser's
 * cookie where cookies authenticate the request.
 */
export function requestToken(site: Site, incoming: IncomingMessage): string | undefined {
  const { authorization, cookie } = incoming.headers;
  if (authorization !== undefined) return /^Bearer ([^ ]+)$/i.exec(authorization)?.[1];
  if (cookie === undefined) return undefined;
  const header = (name: string) => incoming.headers[name]?.toString();
  const request = { env: { incoming }, req: { method: incoming.method ?? "GET", header } };
  const { access } = cookieNames(site, request);
  return site.trustsCookies(request) ? parse(cookie, access)[access] || undefined : undefined;
}
