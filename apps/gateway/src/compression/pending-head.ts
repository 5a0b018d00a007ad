import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from "node:http";

type HeadersArgument = OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined;

/** A response head as it was passed to `writeHead`, together with the headers set on the response before. */
export class PendingHead {
  readonly status: number;
  readonly #reason: string | undefined;
  readonly #response: ServerResponse;
  #headers: HeadersArgument;

  constructor(response: ServerResponse, status: number, rest: unknown[]) {
    const [reason, headers] = typeof rest[0] === "string" ? rest : [undefined, rest[0] ?? rest[1]];
    this.status = status;
    this.#reason = reason as string | undefined;
    this.#response = response;
    this.#headers = headers as HeadersArgument;
  }

  /** The first value of a header; the name is in lower case. */
  get(name: string): string | undefined {
    const headers = this.#headers;
    if (Array.isArray(headers)) {
      for (let i = 0; i < headers.length; i += 2) if (isNamed(headers[i], name)) return String(headers[i + 1]);
    } else {
      for (const key in headers) if (isNamed(key, name)) return String(headers[key]);
    }
    const set = this.#response.getHeader(name);
    return set === undefined ? undefined : String(set);
  }

  set(name: string, value: OutgoingHttpHeader): void {
    this.delete(name).push(name, value);
  }

  /** Returns the remaining headers, a flat list of names and values. */
  delete(name: string): OutgoingHttpHeader[] {
    const lower = name.toLowerCase();
    const left = flat(this.#headers).filter((_, i, all) => !isNamed(all[i - (i % 2)], lower));
    this.#headers = left;
    this.#response.removeHeader(name);
    return left;
  }

  /** Adds `Accept-Encoding` to `Vary`. */
  addVary(): void {
    const vary = this.get("vary");
    if (vary === undefined) this.set("Vary", "Accept-Encoding");
    else if (!/(?:^|,)\s*(?:accept-encoding|\*)\s*(?:,|$)/i.test(vary)) this.set("Vary", `${vary}, Accept-Encoding`);
  }

  /** Writes it with this `writeHead`. */
  writeWith(writeHead: (status: number, ...rest: unknown[]) => ServerResponse): void {
    const [response, status, reason, headers] = [this.#response, this.status, this.#reason, this.#headers];
    if (reason === undefined) writeHead.call(response, status, headers);
    else writeHead.call(response, status, reason, headers);
  }
}

function isNamed(name: OutgoingHttpHeader | undefined, lower: string): boolean {
  return typeof name === "string" && name.length === lower.length && name.toLowerCase() === lower;
}

function flat(headers: HeadersArgument): OutgoingHttpHeader[] {
  if (Array.isArray(headers)) return headers;
  return Object.entries(headers ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
}

const textual =
  /^(?:text\/(?!event-stream)|(?:application|image|font|model)\/(?:[\w.-]+\+(?:json|xml)|json|xml|javascript|ecmascript|x-ndjson|ndjson|json-seq|yaml|x-yaml|wasm|ttf|otf)\s*(?:;|$))/i;

/** Whether a response's status and content type make compression worthwhile. */
export function isCompressible(head: PendingHead): boolean {
  const { status } = head;
  if (status < 200 || status === 204 || status === 205 || status === 206 || status === 304) return false;
  return textual.test(head.get("content-type") ?? "");
}

/** Headers that describe the exact bytes of a response. */
const describesBytes = ["content-encoding", "content-range", "content-digest", "repr-digest", "digest", "content-md5"];

/**
 * Whether compressing a response is safe. A response to a request with cookies that is not public, or one that must not be stored, may hold
 * a secret next to input of an attacker, and its compressed length would reveal the secret (BREACH).
 */
export function isSafeToCompress(request: IncomingMessage, head: PendingHead): boolean {
  const cache = head.get("cache-control") ?? "";
  if (/no-store|no-transform/i.test(cache) || describesBytes.some((name) => head.get(name) !== undefined)) return false;
  return request.headers.cookie === undefined || /(?:^|[\s,])public(?:[\s,]|$)/i.test(cache);
}
