import { type TestAccount, testAuth } from "@quintet/accounts/testing";
import { testPostgres, testPrefix } from "@quintet/db/testing";
import { createLogger } from "@quintet/http";
import { readResponse, requestApp, type TestResponse } from "@quintet/http/testing";
import { inject } from "vitest";
import { createApp } from "../src/app.ts";
import { type Deps, directory as definition } from "../src/index.ts";

export type Caller = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<TestResponse>;

/** One instance of the app, and who may call it. `json` bodies are sent as JSON, `URLSearchParams` as a form. */
export interface Instance extends AsyncDisposable {
  deps: Deps;
  anyone: Caller;
  plain: Caller;
  staff: Caller;
}

/** A directory of a test file's own: a database, a key prefix, accounts; as many instances of the app on them as wanted. */
export interface Installation extends Instance {
  account: TestAccount;
  postgresUrl: string;
  redisPrefix: string;
  /** Another instance on the same stores, or with other settings. */
  instance(settings?: Record<string, string>): Instance;
}

export async function openDirectory(settings: Record<string, string> = {}): Promise<Installation> {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await testPostgres(inject("postgresUrl")));
  const accounts = stack.use(await testAuth(inject("mysqlUrl")));
  const env = {
    POSTGRES_URL: database.url,
    REDIS_URL: inject("redisUrl"),
    CACHE_REDIS_URL: inject("cacheRedisUrl"),
    REDIS_PREFIX: testPrefix(),
    QUINTET_SECRET: "a secret of thirty-two characters, or more",
    AUTH_URL: "http://issuer.test",
    ...settings,
  };
  await definition.migrate(definition.loadConfig(env));
  const instance = (others: Record<string, string> = {}): Instance => {
    const log = createLogger({ service: "directory", level: "silent" });
    const deps = definition.createDeps(definition.loadConfig({ ...env, ...others }), { log, auth: accounts.auth });
    const app = createApp(deps);
    const caller =
      (authorization?: string): Caller =>
      async (method, path, body, headers = {}) => {
        const sent = body instanceof URLSearchParams ? { body } : { json: body };
        return readResponse(await requestApp(app, method, path, { authorization, ...sent, headers }));
      };
    return {
      deps,
      anyone: caller(),
      plain: caller(accounts.plain.basic),
      staff: caller(accounts.staff.bearer),
      [Symbol.asyncDispose]: () => deps[Symbol.asyncDispose](),
    };
  };
  const used = stack.use(instance());
  return {
    ...used,
    account: accounts.staff,
    postgresUrl: database.url,
    redisPrefix: env.REDIS_PREFIX,
    instance,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export interface UserListBody {
  users: { id: number; firstName: string; lastName: string; email?: string; bio: string }[];
  total: number;
  totalIsExact: boolean;
  nextCursor: string | null;
  prevCursor: string | null;
}

export function listOf(response: TestResponse): UserListBody {
  return JSON.parse(response.text) as UserListBody;
}

let made = 0;

/** A new user's fields, with an email of its own. */
export function someone(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { firstName: "Ana", lastName: "Lund", email: `ana.${++made}@example.com`, bio: "Likes tea.", ...fields };
}

/** The paths that a problem's faults name. */
export function faultPaths(response: TestResponse): string[] {
  const problem = JSON.parse(response.text) as { errors?: { path: string }[] };
  return (problem.errors ?? []).map((fault) => fault.path);
}
