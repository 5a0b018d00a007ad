import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import { errorCorsHeaders } from "../errors/error-cors.ts";
import { Problem } from "../errors/problem.ts";
import { pathOf } from "../observability/path-of.ts";
import { recordOf } from "../observability/request-record.ts";
import { hostProblem } from "./request-host.ts";

/** The methods that are served somewhere. */
export const servedMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const absoluteForm = /^(https?):\/\/([^/?#]*)(.*)$/i;

/**
 * Converts a request target in absolute form to origin form, with its authority as the Host (RFC 9112 sections 3.2.2 and 3.2.4), so that apps
 * and routing handle one form. Other targets are unchanged. Returns a problem for an invalid authority, or https over a plain connection.
 */
export function toOriginForm(request: IncomingMessage): Problem | undefined {
  const { url = "/", headers, rawHeaders } = request;
  // HTTP/2 has its scheme and authority in fields of their own (RFC 9113 section 8.3.1).
  if (url.startsWith("/") || request.httpVersionMajor !== 1) return undefined;
  const [, scheme = "", authority = "", rest = ""] = absoluteForm.exec(url) ?? [];
  if (scheme === "") return undefined;
  const unreadable = hostProblem(request);
  if (unreadable) return unreadable;
  // RFC 9110 section 7.4: a request for an https URL must not be served over a plain connection.
  if (scheme.toLowerCase() === "https" && !(request.socket as TLSSocket).encrypted) {
    return new Problem("bad-request", "The target is an https URL, but the request came without TLS.");
  }
  const isWhole = request.method === "OPTIONS" && rest === "";
  request.url = isWhole ? "*" : rest.startsWith("/") ? rest : `/${rest}`;
  // A missing Host is a fault of its own in HTTP/1.1; HTTP/1.0 knows none.
  if (headers.host === undefined && request.httpVersionMinor > 0) return undefined;
  headers.host = authority;
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === "host");
  if (at < 0) rawHeaders.push("Host", authority);
  else rawHeaders[at + 1] = authority;
  return undefined;
}

/**
 * Responds to requests that need no app: `OPTIONS *` (RFC 9110 section 9.3.7), and a path with a trailing slash, by a 308 to the path
 * without it. A preflight must not be redirected (Fetch standard, section 4.8), nor a request of an AWS client: its signature holds for one
 * path, and its SDKs do not follow redirects. Returns whether it responded.
 */
export function respondToTarget(request: IncomingMessage, response: ServerResponse): boolean {
  const { url = "/", method } = request;
  if (url === "*") {
    response.writeHead(204, { Allow: servedMethods.join(", "), "X-Request-Id": recordOf(request).id }).end();
    return true;
  }
  const path = pathOf(url);
  if (path.length === 1 || !path.endsWith("/")) return false;
  if (method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined) return false;
  if (isOfAwsClient(request)) return false;
  const { id } = recordOf(request);
  const location = path.slice(0, -1) + url.slice(path.length);
  const head = { Location: location, "Content-Length": 0, "X-Request-Id": id, ...errorCorsHeaders(response) };
  response.writeHead(308, head).end();
  return true;
}

/** Whether a request is signed with Signature Version 4, in its Authorization header or in its query, or names an action of AWS JSON. */
function isOfAwsClient({ url = "", headers }: IncomingMessage): boolean {
  return (
    headers["x-amz-target"] !== undefined ||
    headers.authorization?.startsWith("AWS4-HMAC-SHA256") === true ||
    url.includes("X-Amz-Signature=")
  );
}
