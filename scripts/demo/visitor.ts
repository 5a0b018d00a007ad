import { firstLines, shortened, withoutSecrets } from "./format.ts";

export interface CallOptions {
  json?: unknown;
  form?: Record<string, string>;
  csv?: string;
  headers?: Record<string, string>;
  /** The accepted statuses; default: 200. */
  expect?: number[];
}

/** A response that is not as expected. */
export class UnexpectedResponse extends Error {
  override name = "UnexpectedResponse";
}

export interface DemoResponse {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON. */
  json<T>(): T;
}

/** The server under demonstration, and whether the user has requested a stop. */
export interface Server {
  url: string;
  /** Set by Ctrl-C: the next call is not made, those that undo changes are. */
  stopRequested: boolean;
}

/** Calls Quintet and prints each call with its response. */
export class Visitor {
  readonly #server: Server;
  readonly #headers: Record<string, string>;
  readonly #name: string;

  constructor(server: Server, login: { name?: string; headers?: Record<string, string> } = {}) {
    this.#server = server;
    this.#name = login.name ? `  as ${login.name}` : "";
    this.#headers = login.headers ?? {};
  }

  /** The same visitor, logged in with the username or email and the password. */
  async logIn(username: string, password: string): Promise<Visitor> {
    const form = { grant_type: "password", username, password };
    const { access_token } = (await this.call("POST", "/auth/token", { form })).json<{ access_token: string }>();
    return new Visitor(this.#server, { name: username, headers: { Authorization: `Bearer ${access_token}` } });
  }

  /** Sends the call, prints it and its response; throws `UnexpectedResponse` for a status that is not expected. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<DemoResponse> {
    const { expect = [200] } = options;
    if (this.#server.stopRequested) {
      this.#server.stopRequested = false;
      throw new UnexpectedResponse("Stopped.");
    }
    console.log(`${method} ${path}${this.#name}${formatBody(options)}`);
    const started = performance.now();
    const response = await fetch(`${this.#server.url}${path}`, {
      method,
      redirect: "manual",
      headers: { ...this.#headers, ...options.headers, ...contentType(options) },
      body: bodyOf(options),
    });
    const text = await response.text();
    const ms = Math.round(performance.now() - started);
    console.log(`  ${response.status} in ${ms} ms  ${formatResponse(response, text)}\n`);
    if (!expect.includes(response.status)) {
      throw new UnexpectedResponse(
        `${method} ${path} should return ${expect.join(" or ")}, not ${response.status}: ${text}`,
      );
    }
    return { status: response.status, headers: response.headers, text, json: <T>() => JSON.parse(text) as T };
  }
}

/** Throws `UnexpectedResponse` unless the condition holds. */
export function must(condition: boolean, expectation: string): void {
  if (!condition) throw new UnexpectedResponse(`Expected: ${expectation}.`);
}

function bodyOf({ json, form, csv }: CallOptions): string | null {
  if (json !== undefined) return JSON.stringify(json);
  if (form !== undefined) return `${new URLSearchParams(form)}`;
  return csv ?? null;
}

function contentType({ json, form, csv }: CallOptions): Record<string, string> {
  if (json !== undefined) return { "Content-Type": "application/json" };
  if (form !== undefined) return { "Content-Type": "application/x-www-form-urlencoded" };
  return csv !== undefined ? { "Content-Type": "text/csv" } : {};
}

function formatBody({ json, form, csv }: CallOptions): string {
  if (csv !== undefined) return `  ${csv.split("\n").length - 1} lines of CSV`;
  const body = json ?? form;
  return body === undefined ? "" : `  ${shortened(withoutSecrets(body))}`;
}

function formatResponse(response: Response, text: string): string {
  const type = response.headers.get("content-type") ?? "";
  if (text === "") return "(no body)";
  if (type.includes("json")) return shortened(withoutSecrets(JSON.parse(text)));
  if (type.startsWith("text/csv")) return firstLines(text);
  return `${type}, ${text.length} characters`;
}
