import { once } from "node:events";
import { Agent, type IncomingMessage, type RequestOptions, request } from "node:http";
import type { Readable } from "node:stream";
import { zstdDecompressSync } from "node:zlib";
import { callOverHttp2 } from "./http2-call.ts";

/** What a call may carry besides its path. */
export interface CallOptions {
  query?: Record<string, string | number | boolean>;
  headers?: Record<string, string>;
}

/** Text and bytes go as they are, a form as a form, a stream in chunks; anything else, `null` too, as JSON. */
export type Body = unknown;

/** An answer as it came over the wire. */
export class Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** Names and values in the order and spelling of the wire. */
  readonly rawHeaders: string[];
  readonly bytes: Buffer;

  constructor(message: Pick<IncomingMessage, "statusCode" | "headers" | "rawHeaders">, bytes: Buffer) {
    this.status = message.statusCode ?? 0;
    this.headers = message.headers;
    this.rawHeaders = message.rawHeaders;
    this.bytes = bytes;
  }

  get text(): string {
    return this.bytes.toString("utf8");
  }

  /** The body as JSON; throws with status and text when it is none. */
  json<T = Record<string, unknown>>(): T {
    try {
      return JSON.parse(this.text) as T;
    } catch {
      throw new Error(`This answer is no JSON: ${this.status} ${this.text.slice(0, 200)}`);
    }
  }
}

/** Looks at every answer of a server; what it throws fails the test that has asked. */
export type Watch = (method: string, path: string, answer: Answer) => void;

const watches = new Map<string, Watch>();

/** From now on every answer of this server is looked at. */
export function watchAnswers(origin: string, watch: Watch): void {
  watches.set(origin, watch);
}

const shared = new Agent({ keepAlive: true });
const large = 1024 * 1024;

/** Calls one server as one caller. The path goes out untouched, so that every spelling of it can be tried. */
export class Client {
  readonly origin: string;
  readonly headers: Record<string, string>;

  constructor(origin: string, headers: Record<string, string> = {}) {
    this.origin = origin;
    this.headers = headers;
  }

  /** The same caller with further headers. */
  with(headers: Record<string, string>): Client {
    return new Client(this.origin, { ...this.headers, ...headers });
  }

  get(path: string, query?: CallOptions["query"]): Promise<Answer> {
    return this.send("GET", path, undefined, query ? { query } : {});
  }

  post(path: string, body?: Body, options?: CallOptions): Promise<Answer> {
    return this.send("POST", path, body, options);
  }

  put(path: string, body?: Body, options?: CallOptions): Promise<Answer> {
    return this.send("PUT", path, body, options);
  }

  patch(path: string, body?: Body, options?: CallOptions): Promise<Answer> {
    return this.send("PATCH", path, body, options);
  }

  delete(path: string, options?: CallOptions): Promise<Answer> {
    return this.send("DELETE", path, undefined, options);
  }

  async send(method: string, path: string, body?: Body, options: CallOptions = {}): Promise<Answer> {
    const query = new URLSearchParams(
      Object.entries(options.query ?? {}).map(([name, value]): [string, string] => [name, `${value}`]),
    );
    const { hostname, port } = new URL(this.origin);
    const { payload, type } = encode(body);
    const target = query.size > 0 ? `${path}?${query}` : path;
    const headers = { ...type, ...length(payload), ...this.headers, ...options.headers };
    const answer = await (this.origin.startsWith("https:")
      ? overHttp2(this.origin, { method, path: target, headers, payload })
      : overHttp1({ hostname, port, method, path: target, headers }, payload));
    watches.get(this.origin)?.(method, path, answer);
    return answer;
  }
}

/** As a browser calls: over HTTP/2 and with packed answers, which are unpacked here. */
async function overHttp2(origin: string, call: Parameters<typeof callOverHttp2>[1]): Promise<Answer> {
  const answer = await callOverHttp2(origin, { ...call, headers: { "Accept-Encoding": "zstd", ...call.headers } });
  const bytes = Buffer.concat(answer.parts);
  return new Answer(answer, answer.headers["content-encoding"] === "zstd" ? zstdDecompressSync(bytes) : bytes);
}

async function overHttp1(call: RequestOptions, payload: Payload): Promise<Answer> {
  // A server that refuses a large body may close the connection, which another call must not have taken meanwhile.
  const isLarge = payload !== undefined && !isStream(payload) && payload.length > large;
  const agent = isLarge ? new Agent({ keepAlive: true }) : shared;
  const outgoing = request({ ...call, agent });
  // A server that refuses a body early may stop reading it; its answer is what counts.
  outgoing.on("error", () => {});
  const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
  if (isStream(payload)) payload.on("error", (error) => outgoing.destroy(error)).pipe(outgoing);
  else outgoing.end(payload);
  const [message] = await answered;
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  if (isLarge) agent.destroy();
  return new Answer(message, Buffer.concat(parts));
}

type Payload = string | Uint8Array | Readable | undefined;

function encode(body: Body): { payload?: Payload; type?: Record<string, string> } {
  if (body === undefined) return {};
  if (body instanceof URLSearchParams) return { payload: `${body}`, type: contentType("x-www-form-urlencoded") };
  if (body instanceof Uint8Array || isStream(body)) return { payload: body };
  return { payload: JSON.stringify(body), type: contentType("json") };
}

function contentType(subtype: string): Record<string, string> {
  return { "Content-Type": `application/${subtype}` };
}

/** Said in every case: Node leaves it out for a DELETE, whose body then looks like another request. */
function length(payload: Payload): Record<string, string> {
  return payload === undefined || isStream(payload) ? {} : { "Content-Length": `${Buffer.byteLength(payload)}` };
}

function isStream(body: unknown): body is Readable {
  return typeof body === "object" && body !== null && "pipe" in body;
}
