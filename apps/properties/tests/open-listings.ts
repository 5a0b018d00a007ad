import { type TestAccount, testAuth } from "@quintet/accounts/testing";
import { testMysql, testPrefix } from "@quintet/db/testing";

import { createLogger } from "@quintet/http";
import { readResponse, requestApp } from "@quintet/http/testing";
import { inject } from "vitest";
import { createApp } from "../src/app.ts";
import { type Deps, properties as definition } from "../src/index.ts";

/** What a call answered. */
export interface Answer {
  status: number;
  headers: Headers;
  // The body as JSON, whose shape each test knows; `null` when there is none.
  body: Body;
}

/** Any answer's body: what a test does not expect is undefined. */
export interface Body {
  [field: string]: unknown;
  id: number;
  status: unknown;
  detail: string;
  errors: { path: string; message: string }[];
  properties: Property[];
  history: { id: number; status: string; updateDate: string }[];
  nextCursor: string | null;
  count: number;
}

export interface Property {
  id: number;
  address: string;
  city: string;
  price: number;
  description: string;
  year: number;
  status: string;
  likedAt?: string;
}

export interface Call {
  /** Whose credentials to send: `undefined` is the plain account, `null` none. */
  as?: TestAccount | null;
  body?: unknown;
  headers?: Record<string, string>;
}

/** The listings on an empty database of their own, and three accounts. */
export interface OpenListings extends AsyncDisposable {
  config: ReturnType<typeof definition.loadConfig>;
  deps: Deps;
  app: ReturnType<typeof createApp>;
  staff: TestAccount;
  plain: TestAccount;
  other: TestAccount;
  call(method: string, path: string, call?: Call): Promise<Answer>;
  get(path: string, call?: Call): Promise<Answer>;
  /** Sends a request, by the plain account, and returns the response before its body is read. */
  fetch(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Stores a property by the API and answers its id. */
  create(fields?: Partial<Record<string, unknown>>): Promise<number>;
}

/** For a change of whatever version is there. */
export const anyVersion = { "If-Match": "*" };

export const example = {
  address: "Calle 72 # 10-34, Apto 502, Chapinero",
  city: "Bogotá",
  price: 420_000_000,
  description: "Apartamento con balcón.",
  year: 2015,
  status: "en_venta",
};

/** The listings on a database that `prepare` has filled; `url` says how the app connects to it. `settings` are further ones. */
export async function openListings(
  prepare: (url: string) => Promise<{ url: string } | undefined> = async () => undefined,
  settings: (accounts: Pick<OpenListings, "plain">) => Record<string, string> = () => ({}),
): Promise<OpenListings> {
  const database = await testMysql(inject("mysqlUrl"));
  const prepared = await prepare(database.url);
  const issuer = await testAuth(inject("mysqlUrl"));
  const config = definition.loadConfig({
    MYSQL_URL: prepared?.url ?? database.url,
    REDIS_URL: inject("redisUrl"),
    REDIS_PREFIX: testPrefix(),
    QUINTET_SECRET: "a secret for the tests of the listings",
    AUTH_URL: "http://issuer.test",
    ...settings(issuer),
  });
  await definition.migrate(config);
  const log = createLogger({ service: "properties", level: "silent" });
  const deps = definition.createDeps(config, { log, auth: issuer.auth });
  const app = createApp(deps);
  const { staff, plain, other } = issuer;

  const call: OpenListings["call"] = async (method, path, { as = plain, body, headers = {} } = {}) => {
    const sent =
      typeof body === "string"
        ? { body, headers: { "Content-Type": "application/json", ...headers } }
        : { json: body, headers };
    const response = await requestApp(app, method, `/properties${path}`, { authorization: as?.bearer, ...sent });
    const { status, headers: received, text } = await readResponse(response);
    return { status, headers: received, body: text === "" ? null : JSON.parse(text) };
  };
  return {
    config,
    deps,
    app,
    staff,
    plain,
    other,
    call,
    get: (path, options) => call("GET", path, options),
    fetch: (path, headers) => requestApp(app, "GET", `/properties${path}`, { authorization: plain.bearer, headers }),
    async create(fields = {}) {
      const { status, body } = await call("POST", "", { as: staff, body: { ...example, ...fields } });
      if (status !== 201) throw new Error(`The property was refused: ${JSON.stringify(body)}`);
      return body.id;
    },
    async [Symbol.asyncDispose]() {
      await deps[Symbol.asyncDispose]();
      await issuer[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}
