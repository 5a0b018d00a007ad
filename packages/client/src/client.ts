import { hc } from "hono/client";
import { apps, type QuintetClient } from "./apis.ts";
import { type Credentials, fetchWith } from "./requests.ts";

export interface ClientOptions extends Credentials {
  /** Sent with every request. */
  headers?: Record<string, string>;
  /** A replacement for `fetch`, such as one that uses a proxy. */
  fetch?: typeof fetch;
}

/**
 * A client of the Quintet at `baseUrl` (`http://localhost:8080`). Without credentials it is anonymous.
 *
 *     const client = createClient("http://localhost:8080", { basic: { username, password } });
 *     const { count } = await ok(client.queue.count.$get());
 */
export function createClient(baseUrl: string, options: ClientOptions = {}): QuintetClient {
  const { headers = {}, fetch: send = fetch } = options;
  const base = baseUrl.replace(/\/+$/, "");
  const calls = apps.map((app) => [
    app,
    encodePaths(hc(`${base}/${app}`, { headers, fetch: fetchWith(options, send) })),
  ]);
  return Object.fromEntries(calls) as QuintetClient;
}

type Call = (args?: { param?: Record<string, unknown> }, options?: object) => unknown;

/** Encodes the parameters of paths, so that a value that contains a slash stays one segment. */
function encodePaths(calls: object): object {
  return new Proxy(calls, {
    get: (target, name, receiver) => {
      const value: unknown = Reflect.get(target, name, receiver);
      return typeof value === "function" ? encodePaths(value) : value;
    },
    apply(target, _this, [args, options]: Parameters<Call>) {
      const pairs = Object.entries(args?.param ?? {}).map(([name, value]) => [name, segment(name, String(value))]);
      return (target as Call)(args && { ...args, param: Object.fromEntries(pairs) }, options);
    },
  });
}

/** Encodes a value as one path segment. An empty segment, or one of dots only, is impossible in a URL even when encoded. */
function segment(name: string, value: string): string {
  if (/^\.{0,2}$/.test(value)) throw new TypeError(`"${value}" cannot be the ${name} in a path.`);
  return encodeURIComponent(value);
}
