import { shortened, shownLines, withoutSecrets } from "./shown.ts";

export interface CallOptions {
  json?: unknown;
  form?: Record<string, string>;
  csv?: string;
  headers?: Record<string, string>;
  /** The statuses that the answer may have; 200 unless told. */
  expect?: number[];
}

/** An answer that is not what it should be. */
export class Surprise extends Error {
  override name = "Surprise";
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON. */
  json<T>(): T;
}

/** Where the calls go, and whether the user wants no more of them. */
export interface Server {
  url: string;
  /** Set once by a Ctrl-C: the next call does not happen, those that put things back do. */
  stopRequested: boolean;
}

/** Somebody who calls Quintet and shows each call with its answer. */
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

  /** Sends the call, prints it and its answer; throws `Surprise` when the status is another than expected. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const { expect = [200] } = options;
    if (this.#server.stopRequested) {
      this.#server.stopRequested = false;
      throw new Surprise("Stopped.");
    }
    console.log(`${method} ${path}${this.#name}${shownBody(options)}`);
    const started = performance.now();
    const response = await fetch(`${this.#server.url}${path}`, {
      method,
      redirect: "manual",
      headers: { ...this.#headers, ...options.headers, ...contentType(options) },
      body: bodyOf(options),
    });
    const text = await response.text();
    const ms = Math.round(performance.now() - started);
    console.log(`  ${response.status} in ${ms} ms  ${shownAnswer(response, text)}\n`);
    if (!expect.includes(response.status)) {
      throw new Surprise(`${method} ${path} should answer ${expect.join(" or ")}, not ${response.status}: ${text}`);
    }
    return { status: response.status, headers: response.headers, text, json: <T>() => JSON.parse(text) as T };
  }
}

/** Throws `Surprise` unless what an answer says is so. */
export function must(isSo: boolean, what: string): void {
  if (!isSo) throw new Surprise(`It should be so that ${what}.`);
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

function shownBody({ json, form, csv }: CallOptions): string {
  if (csv !== undefined) return `  ${csv.split("\n").length - 1} lines of CSV`;
  const body = json ?? form;
  return body === undefined ? "" : `  ${shortened(withoutSecrets(body))}`;
}

function shownAnswer(response: Response, text: string): string {
  const type = response.headers.get("content-type") ?? "";
  if (text === "") return "(no body)";
  if (type.includes("json")) return shortened(withoutSecrets(JSON.parse(text)));
  if (type.startsWith("text/csv")) return shownLines(text);
  return `${type}, ${text.length} characters`;
}
