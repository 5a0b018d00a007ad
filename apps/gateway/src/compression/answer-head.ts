import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from "node:http";

type Given = OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined;

/** The head of an answer as it was given to `writeHead`, with what was set on the response before. */
export class AnswerHead {
  readonly status: number;
  readonly #reason: string | undefined;
  readonly #response: ServerResponse;
  #given: Given;

  constructor(response: ServerResponse, status: number, rest: unknown[]) {
    const [reason, headers] = typeof rest[0] === "string" ? rest : [undefined, rest[0] ?? rest[1]];
    this.status = status;
    this.#reason = reason as string | undefined;
    this.#response = response;
    this.#given = headers as Given;
  }

  /** The value of a header, given in lower case; of one that comes several times the first. */
  get(name: string): string | undefined {
    const given = this.#given;
    if (Array.isArray(given)) {
      for (let i = 0; i < given.length; i += 2) if (isNamed(given[i], name)) return String(given[i + 1]);
    } else {
      for (const one in given) if (isNamed(one, name)) return String(given[one]);
    }
    const set = this.#response.getHeader(name);
    return set === undefined ? undefined : String(set);
  }

  set(name: string, value: OutgoingHttpHeader): void {
    this.delete(name).push(name, value);
  }

  /** Answers the headers that are left, names and values in turn. */
  delete(name: string): OutgoingHttpHeader[] {
    const lower = name.toLowerCase();
    const left = flat(this.#given).filter((_, i, all) => !isNamed(all[i - (i % 2)], lower));
    this.#given = left;
    this.#response.removeHeader(name);
    return left;
  }

  /** Says that the answer depends on `Accept-Encoding`. */
  vary(): void {
    const vary = this.get("vary");
    if (vary === undefined) this.set("Vary", "Accept-Encoding");
    else if (!/(?:^|,)\s*(?:accept-encoding|\*)\s*(?:,|$)/i.test(vary)) this.set("Vary", `${vary}, Accept-Encoding`);
  }

  /** Writes it by this `writeHead`. */
  write(writeHead: (status: number, ...rest: unknown[]) => ServerResponse): void {
    const [response, status, reason, given] = [this.#response, this.status, this.#reason, this.#given];
    if (reason === undefined) writeHead.call(response, status, given);
    else writeHead.call(response, status, reason, given);
  }
}

function isNamed(name: OutgoingHttpHeader | undefined, lower: string): boolean {
  return typeof name === "string" && name.length === lower.length && name.toLowerCase() === lower;
}

function flat(headers: Given): OutgoingHttpHeader[] {
  if (Array.isArray(headers)) return headers;
  return Object.entries(headers ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
}

const textual =
  /^(?:text\/(?!event-stream)|(?:application|image|font|model)\/(?:[\w.-]+\+(?:json|xml)|json|xml|javascript|ecmascript|x-ndjson|ndjson|json-seq|yaml|x-yaml|wasm|ttf|otf)\s*(?:;|$))/i;

/** Whether an answer is of a kind that packs well. */
export function packsWell(head: AnswerHead): boolean {
  const { status } = head;
  if (status < 200 || status === 204 || status === 205 || status === 206 || status === 304) return false;
  return textual.test(head.get("content-type") ?? "");
}

/** Headers of an answer that tell of its bytes as they are. */
const tellOfBytes = ["content-encoding", "content-range", "content-digest", "repr-digest", "digest", "content-md5"];

/**
 * Whether packing an answer is safe. One that is for one browser alone (its request had cookies, and it is not public) or that must
 * not be stored may hold a secret beside something that an attacker chose: its packed length would tell of both (BREACH).
 */
export function mayBePacked(request: IncomingMessage, head: AnswerHead): boolean {
  const cache = head.get("cache-control") ?? "";
  if (/no-store|no-transform/i.test(cache) || tellOfBytes.some((name) => head.get(name) !== undefined)) return false;
  return request.headers.cookie === undefined || /(?:^|[\s,])public(?:[\s,]|$)/i.test(cache);
}
