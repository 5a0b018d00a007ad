import { hc } from "hono/client";
import { apps, type QuintetClient } from "./apis.ts";
import { type Credentials, fetchWith } from "./requests.ts";

export interface ClientOptions extends Credentials {
  /** Sent with every call. */
  headers?: Record<string, string>;
  /** The `fetch` to send with, such as one that goes through a proxy. */
  fetch?: typeof fetch;
}

/**
 * A client of the Quintet at `baseUrl` (`http://localhost:8080`). Without credentials it is anybody.
 *
 *     const client = createClient("http://localhost:8080", { basic: { username, password } });
 *     const { count } = await ok(client.queue.count.$get());
 */
export function createClient(baseUrl: string, options: ClientOptions = {}): QuintetClient {
  const { headers = {}, fetch: send = fetch } = options;
  const base = baseUrl.replace(/\/+$/, "");
  const calls = apps.map((app) => [app, encoding(hc(`${base}/${app}`, { headers, fetch: fetchWith(options, send) }))]);
  return Object.fromEntries(calls) as QuintetClient;
}

type Call = (args?: { param?: Record<string, unknown> }, options?: object) => unknown;

/** The same calls with the parameters of their paths encoded, so that a value with a slash in it stays one segment. */
function encoding(calls: object): object {
  return new Proxy(calls, {
    get: (target, name, receiver) => {
      const value: unknown = Reflect.get(target, name, receiver);
      return typeof value === "function" ? encoding(value) : value;
    },
    apply(target, _this, [args, options]: Parameters<Call>) {
      const pairs = Object.entries(args?.param ?? {}).map(([name, value]) => [name, segment(name, String(value))]);
      return (target as Call)(args && { ...args, param: Object.fromEntries(pairs) }, options);
    },
  });
}

/** A value as one segment of a path. A URL cannot hold an empty one, nor one of dots, however they are encoded. */
function segment(name: string, value: string): string {
  if (/^\.{0,2}$/.test(value)) throw new TypeError(`"${value}" cannot be the ${name} in a path.`);
  return encodeURIComponent(value);
}
